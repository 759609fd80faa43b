// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TimelockAppAuth} from "../../src/TimelockAppAuth.sol";
import {AppAuthHistory} from "../../src/appauth/AppAuthHistory.sol";
import {AppAuthFixture} from "../AppAuthFixture.sol";
import {Test} from "../Test.sol";

/// @title Owner, guardian and strangers who do whatever the contract lets them
/// @dev Keeps its own books, by a clock of its own: seconds in which the app was not paused.
contract TimelockAppAuthHandler is Test {
    uint256 private constant CODES = 3;

    struct Book {
        uint256 proposed;
        uint256 proposedFree;
        uint256 notice;
        uint256 removalProposed;
        bool allowed;
        bool everAllowed;
    }

    TimelockAppAuth public immutable app;
    address private immutable owner;
    address private immutable guardian;

    mapping(bytes32 code => Book) private _books;
    uint256 private _free;
    uint256 private _pauseEnd;
    uint256 public tooEarly;
    uint256 public tooEarlyRemoved;
    uint256 public addedAfterTheEnd;
    uint256 public activated;
    uint256 public removed;

    constructor(TimelockAppAuth app_, address owner_, address guardian_, bytes32 first) {
        app = app_;
        owner = owner_;
        guardian = guardian_;
        _books[first].allowed = true;
        _books[first].everAllowed = true;
    }

    function codeOf(uint256 seed) public pure returns (bytes32) {
        return keccak256(abi.encode("code", seed % CODES));
    }

    function wait(uint256 time) external {
        _advance(vm.getBlockTimestamp() + bound(time, 1, 12 days));
    }

    /// @dev Not a second later than the contract says it may: whoever is early is so here.
    function rush(uint256 seed) external {
        _advance(app.activatesAt(codeOf(seed)));
        activate(seed);
    }

    function rushRemoval(uint256 seed) external {
        _advance(app.removableAt(codeOf(seed)));
        remove(seed);
    }

    function _advance(uint256 to) private {
        uint256 from = vm.getBlockTimestamp();
        if (to <= from) return;
        vm.warp(to);
        uint256 freeFrom = _pauseEnd > from ? _pauseEnd : from;
        if (to > freeFrom) _free += to - freeFrom;
    }

    function propose(uint256 seed) external {
        bytes32 code = codeOf(seed);
        vm.prank(owner);
        try app.proposeComposeHash(code) {
            Book storage book = _books[code];
            book.proposed = vm.getBlockTimestamp();
            book.proposedFree = _free;
            book.notice = app.noticePeriod();
        } catch {}
    }

    function activate(uint256 seed) public {
        bytes32 code = codeOf(seed);
        bool ended = app.upgradesDisabled();
        try app.activateComposeHash(code) {
            Book storage book = _books[code];
            bool early = book.proposed == 0 || _free - book.proposedFree < book.notice
                || _free - book.proposedFree < app.noticePeriod();
            if (early) tooEarly++;
            if (ended) addedAfterTheEnd++;
            book.proposed = 0;
            book.allowed = true;
            book.everAllowed = true;
            activated++;
        } catch {}
    }

    function cancel(uint256 seed) external {
        bytes32 code = codeOf(seed);
        vm.prank(owner);
        try app.cancelProposal(code) {
            _books[code].proposed = 0;
        } catch {}
    }

    function proposeRemoval(uint256 seed) external {
        bytes32 code = codeOf(seed);
        vm.prank(owner);
        try app.proposeRemoval(code) {
            _books[code].removalProposed = vm.getBlockTimestamp();
        } catch {}
    }

    function remove(uint256 seed) public {
        bytes32 code = codeOf(seed);
        try app.removeComposeHash(code) {
            Book storage book = _books[code];
            uint256 waited = vm.getBlockTimestamp() - book.removalProposed;
            if (waited < app.exitWindow() || waited < app.noticePeriod()) tooEarlyRemoved++;
            book.allowed = false;
            removed++;
        } catch {}
    }

    function setNotice(uint256 seed) external {
        bytes32 value = bytes32(bound(seed, app.minimumNotice(), app.noticePeriod()));
        vm.prank(owner);
        try app.propose(AppAuthHistory.Change.SetNotice, value) {} catch {}
        try app.activate(AppAuthHistory.Change.SetNotice, value) {} catch {}
    }

    function shortenNotice() external {
        bytes32 value = bytes32(uint256(app.minimumNotice()));
        vm.prank(owner);
        try app.propose(AppAuthHistory.Change.SetNotice, value) {} catch {}
        (, uint256 due,) = app.pending(AppAuthHistory.Change.SetNotice, value);
        _advance(due);
        try app.activate(AppAuthHistory.Change.SetNotice, value) {} catch {}
    }

    function increaseNotice(uint64 seed) external {
        uint256 notice = app.noticePeriod();
        vm.prank(owner);
        try app.increaseNotice(uint64(bound(seed, notice, notice + 1 days))) {} catch {}
    }

    function pause() external {
        vm.prank(guardian);
        try app.pause() {
            _pauseEnd = app.pausedUntil();
        } catch {}
    }

    function unpause() external {
        vm.prank(owner);
        try app.unpause() {
            _pauseEnd = vm.getBlockTimestamp();
        } catch {}
    }

    /// @dev Seldom, or nothing would be left to see.
    function disableUpgrades(uint256 seed) external {
        if (seed % 32 != 0) return;
        vm.prank(owner);
        try app.disableUpgrades() {} catch {}
    }

    function assertBooksAgree() external view {
        for (uint256 i = 0; i < CODES; i++) {
            bytes32 code = codeOf(i);
            assertEq(app.allowedComposeHashes(code), _books[code].allowed);
            assertEq(app.versionOf(code) != 0, _books[code].everAllowed);
        }
    }
}

contract TimelockAppAuthInvariant is AppAuthFixture {
    TimelockAppAuthHandler private handler;

    function setUp() public override {
        vm.warp(START);
        TimelockAppAuth.Config memory c = config();
        c.composeHash = keccak256(abi.encode("code", uint256(0)));
        app = new TimelockAppAuth(owner, guardian, c);
        handler = new TimelockAppAuthHandler(app, owner, guardian, c.composeHash);
        targetContract(address(handler));
    }

    function invariant_noCodeIsAllowedEarlierThanItsNotice() public view {
        assertEq(handler.tooEarly(), 0);
    }

    function invariant_noCodeGoesEarlierThanItsExitWindow() public view {
        assertEq(handler.tooEarlyRemoved(), 0);
    }

    function invariant_noCodeIsAddedAfterTheEndOfUpgrades() public view {
        assertEq(handler.addedAfterTheEnd(), 0);
    }

    function invariant_whatIsAllowedIsWhatWasActivated() public view {
        handler.assertBooksAgree();
    }

    function invariant_theNoticeIsNeverBelowItsMinimum() public view {
        assertGe(app.noticePeriod(), MINIMUM);
    }

    function invariant_versionsCountUp() public view {
        AppAuthHistory.Version[] memory all = app.versions(0, type(uint256).max);
        assertEq(all.length, app.latestVersion());
        for (uint256 i = 0; i < all.length; i++) {
            assertEq(app.versionOf(all[i].composeHash), i + 1);
            assertEq(app.allowedComposeHashes(all[i].composeHash), all[i].retiredAt == 0);
        }
    }

    function invariant_theDigestCommitsToTheHistory() public view {
        AppAuthHistory.Entry[] memory all = app.history(0, type(uint256).max);
        bytes32 digest;
        for (uint256 i = 0; i < all.length; i++) {
            AppAuthHistory.Entry memory e = all[i];
            digest = keccak256(abi.encode(digest, e.time, e.action, e.change, e.actor, e.value));
        }
        assertEq(digest, app.historyDigest());
    }
}
