// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TimelockAppAuth} from "../src/TimelockAppAuth.sol";
import {AppAuthHistory} from "../src/appauth/AppAuthHistory.sol";
import {IAppAuth, IERC165} from "../src/interfaces/IAppAuth.sol";
import {AppAuthFixture} from "./AppAuthFixture.sol";
import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

contract TimelockAppAuthTest is AppAuthFixture {
    event ComposeHashAdded(bytes32 composeHash);
    event ComposeHashRemoved(bytes32 composeHash);
    event DeviceAdded(bytes32 deviceId);
    event DeviceRemoved(bytes32 deviceId);
    event AllowAnyDeviceSet(bool allowAny);
    event RequireTcbUpToDateSet(bool requireUpToDate);
    event UpgradesDisabled();
    event Recorded(
        uint256 indexed index,
        AppAuthHistory.Action indexed action,
        AppAuthHistory.Change indexed change,
        bytes32 value,
        address actor
    );

    /// @dev The kinds that need a proposal, each with a value that is possible and new.
    function eachChange()
        private
        view
        returns (AppAuthHistory.Change[8] memory changes, bytes32[8] memory values)
    {
        changes = [
            AppAuthHistory.Change.AddComposeHash,
            AppAuthHistory.Change.RemoveComposeHash,
            AppAuthHistory.Change.AddDevice,
            AppAuthHistory.Change.RemoveDevice,
            AppAuthHistory.Change.SetAllowAnyDevice,
            AppAuthHistory.Change.SetRequireTcbUpToDate,
            AppAuthHistory.Change.SetGuardian,
            AppAuthHistory.Change.SetNotice
        ];
        values = [
            V2,
            V1,
            D2,
            D1,
            bytes32(uint256(1)),
            bytes32(0),
            toValue(stranger),
            bytes32(uint256(MINIMUM))
        ];
    }

    function delayOf(AppAuthHistory.Change change) private pure returns (uint256) {
        return change == AppAuthHistory.Change.RemoveComposeHash ? EXIT : NOTICE;
    }

    // --- deployment ---

    function test_aNewContractIsWhatItsArgumentsSay() public view {
        assertEq(app.owner(), owner);
        assertEq(app.guardian(), guardian);
        assertEq(app.minimumNotice(), MINIMUM);
        assertEq(app.noticePeriod(), NOTICE);
        assertEq(app.exitWindow(), EXIT);
        assertEq(app.proposalLifetime(), LIFETIME);
        assertEq(app.pauseLength(), PAUSE);
        assertEq(app.pausedSeconds(), 0);
        assertFalse(app.paused());
        assertFalse(app.allowAnyDevice());
        assertTrue(app.requireTcbUpToDate());
        assertTrue(app.allowedComposeHashes(V1));
        assertTrue(app.allowedDeviceIds(D1));
        assertEq(app.versionOf(V1), 1);
        assertEq(app.latestVersion(), 1);
        assertFalse(app.upgradesDisabled());
    }

    function test_codeAndDeviceMayComeLater() public {
        TimelockAppAuth.Config memory c = config();
        c.composeHash = 0;
        c.deviceId = 0;
        app = new TimelockAppAuth(owner, address(0), c);
        assertEq(app.latestVersion(), 0);
        assertFalse(app.allowedComposeHashes(0));
        assertFalse(app.allowedDeviceIds(0));
        assertEq(app.historyLength(), 5);
    }

    function expectBadPeriod(uint256 period, uint256 least) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                TimelockAppAuth.AppAuthBadPeriod.selector, period, least, uint256(365 days)
            )
        );
    }

    function test_periodsOutOfRangeAreRefusedAtDeployment() public {
        TimelockAppAuth.Config memory c = config();
        c.minimumNotice = 0;
        expectBadPeriod(0, 1);
        new TimelockAppAuth(owner, guardian, c);

        c = config();
        c.minimumNotice = 365 days + 1;
        expectBadPeriod(365 days + 1, 1);
        new TimelockAppAuth(owner, guardian, c);

        c = config();
        c.notice = MINIMUM - 1;
        expectBadPeriod(MINIMUM - 1, MINIMUM);
        new TimelockAppAuth(owner, guardian, c);

        c = config();
        c.exitWindow = MINIMUM - 1;
        expectBadPeriod(MINIMUM - 1, MINIMUM);
        new TimelockAppAuth(owner, guardian, c);

        c = config();
        c.proposalLifetime = 0;
        expectBadPeriod(0, 1);
        new TimelockAppAuth(owner, guardian, c);

        c = config();
        c.pauseLength = 0;
        expectBadPeriod(0, 1);
        new TimelockAppAuth(owner, guardian, c);
    }

    function test_noOwnerIsRefusedAtDeployment() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        new TimelockAppAuth(address(0), guardian, config());
    }

    // --- the answer to the KMS ---

    function test_theInterfaceIsThatOfDstack() public view {
        assertEq(bytes32(type(IAppAuth).interfaceId), bytes32(bytes4(0x1e079198)));
        assertEq(bytes32(app.isAppAllowed.selector), bytes32(bytes4(0x1e079198)));
        assertTrue(app.supportsInterface(0x1e079198));
        assertTrue(app.supportsInterface(type(IERC165).interfaceId));
        assertFalse(app.supportsInterface(0xffffffff));
        // Additions at once, which this contract does not have.
        assertFalse(app.supportsInterface(0x8fd37527));
    }

    function assertRefused(IAppAuth.AppBootInfo memory info, string memory why) private view {
        (bool allowed, string memory reason) = app.isAppAllowed(info);
        assertFalse(allowed, why);
        assertEq(reason, why);
    }

    function test_aBootThatKeepsEachRuleIsAllowed() public view {
        (bool allowed, string memory reason) = app.isAppAllowed(boot(V1, D1, "UpToDate"));
        assertTrue(allowed);
        assertEq(reason, "");
    }

    function test_aBootThatBreaksARuleIsRefusedWithTheReason() public {
        assertRefused(boot(V2, D1, "UpToDate"), "compose hash is not allowed");
        assertRefused(boot(0, D1, "UpToDate"), "compose hash is not allowed");
        assertRefused(boot(V1, D2, "UpToDate"), "device is not allowed");
        assertRefused(boot(V1, 0, "UpToDate"), "device is not allowed");
        assertRefused(boot(V1, D1, "OutOfDate"), "TCB is not up to date");
        assertRefused(boot(V1, D1, "uptodate"), "TCB is not up to date");
        assertRefused(boot(V1, D1, ""), "TCB is not up to date");
        IAppAuth.AppBootInfo memory info = boot(V1, D1, "UpToDate");
        info.appId = stranger;
        assertRefused(info, "app id is not this contract");
        pause();
        assertRefused(boot(V1, D1, "UpToDate"), "paused by the guardian");
    }

    function test_policiesWidenWhatIsAllowed() public {
        carryOut(AppAuthHistory.Change.SetAllowAnyDevice, bytes32(uint256(1)));
        (bool allowed,) = app.isAppAllowed(boot(V1, D2, "UpToDate"));
        assertTrue(allowed);
        carryOut(AppAuthHistory.Change.SetRequireTcbUpToDate, 0);
        (allowed,) = app.isAppAllowed(boot(V1, D1, "OutOfDate"));
        assertTrue(allowed);
    }

    /// @dev Neither a reason nor a revert may depend on what a stranger fills in.
    function testFuzz_aBootNeverReverts(IAppAuth.AppBootInfo memory info) public view {
        (bool allowed, string memory reason) = app.isAppAllowed(info);
        assertFalse(allowed);
        assertGt(bytes(reason).length, 0);
        info.appId = address(app);
        info.composeHash = V1;
        info.deviceId = D1;
        info.tcbStatus = "UpToDate";
        (allowed, reason) = app.isAppAllowed(info);
        assertTrue(allowed);
    }

    // --- propose, activate, cancel, expire ---

    function test_eachChangeWaitsForItsNotice() public {
        (AppAuthHistory.Change[8] memory changes, bytes32[8] memory values) = eachChange();
        for (uint256 i = 0; i < changes.length; i++) {
            setUp();
            uint256 due = START + delayOf(changes[i]);
            propose(changes[i], values[i]);
            (uint256 proposed, uint256 opens, uint256 expires) = app.pending(changes[i], values[i]);
            assertEq(proposed, START);
            assertEq(opens, due);
            assertEq(expires, due + LIFETIME);

            vm.warp(due - 1);
            vm.expectRevert(
                abi.encodeWithSelector(
                    TimelockAppAuth.AppAuthTooEarly.selector, changes[i], values[i], due
                )
            );
            vm.prank(owner);
            app.activate(changes[i], values[i]);

            vm.warp(due);
            vm.prank(stranger);
            app.activate(changes[i], values[i]);
            expectNotProposed(changes[i], values[i]);
            app.activate(changes[i], values[i]);
            (proposed, opens, expires) = app.pending(changes[i], values[i]);
            assertEq(proposed + opens + expires, 0);
        }
    }

    function test_eachChangeHasItsEffect() public {
        carryOut(AppAuthHistory.Change.AddComposeHash, V2);
        assertTrue(isAllowed(V2));
        carryOut(AppAuthHistory.Change.RemoveComposeHash, V1);
        assertFalse(isAllowed(V1));
        carryOut(AppAuthHistory.Change.AddDevice, D2);
        assertTrue(app.allowedDeviceIds(D2));
        carryOut(AppAuthHistory.Change.RemoveDevice, D2);
        assertFalse(app.allowedDeviceIds(D2));
        carryOut(AppAuthHistory.Change.SetAllowAnyDevice, bytes32(uint256(1)));
        assertTrue(app.allowAnyDevice());
        carryOut(AppAuthHistory.Change.SetAllowAnyDevice, 0);
        assertFalse(app.allowAnyDevice());
        carryOut(AppAuthHistory.Change.SetRequireTcbUpToDate, 0);
        assertFalse(app.requireTcbUpToDate());
        carryOut(AppAuthHistory.Change.SetRequireTcbUpToDate, bytes32(uint256(1)));
        assertTrue(app.requireTcbUpToDate());
        carryOut(AppAuthHistory.Change.SetGuardian, toValue(stranger));
        assertEq(app.guardian(), stranger);
        carryOut(AppAuthHistory.Change.SetGuardian, 0);
        assertEq(app.guardian(), address(0));
        carryOut(AppAuthHistory.Change.SetNotice, bytes32(uint256(MINIMUM)));
        assertEq(app.noticePeriod(), MINIMUM);
    }

    function test_aChangeHasNoEffectBeforeItIsActivated() public {
        (AppAuthHistory.Change[8] memory changes, bytes32[8] memory values) = eachChange();
        for (uint256 i = 0; i < changes.length; i++) {
            propose(changes[i], values[i]);
        }
        vm.warp(START + EXIT);
        assertTrue(isAllowed(V1));
        assertFalse(isAllowed(V2));
        test_aNewContractIsWhatItsArgumentsSay();
    }

    function test_theNamedCallsAreThoseOfAComposeHash() public {
        vm.startPrank(owner);
        app.proposeComposeHash(V2);
        assertEq(app.proposedAt(V2), START);
        assertEq(app.activatesAt(V2), START + NOTICE);
        app.cancelProposal(V2);
        assertEq(app.proposedAt(V2), 0);
        assertEq(app.activatesAt(V2), 0);
        app.proposeComposeHash(V2);
        app.proposeRemoval(V1);
        assertEq(app.removableAt(V1), START + EXIT);
        app.cancelRemoval(V1);
        assertEq(app.removableAt(V1), 0);
        app.proposeRemoval(V1);
        vm.stopPrank();
        vm.warp(START + EXIT);
        app.activateComposeHash(V2);
        app.removeComposeHash(V1);
        assertTrue(isAllowed(V2));
        assertFalse(isAllowed(V1));
    }

    function expectNotProposed(AppAuthHistory.Change change, bytes32 value) private {
        vm.expectRevert(
            abi.encodeWithSelector(TimelockAppAuth.AppAuthNotProposed.selector, change, value)
        );
    }

    function test_eachChangeCanBeCancelled() public {
        (AppAuthHistory.Change[8] memory changes, bytes32[8] memory values) = eachChange();
        for (uint256 i = 0; i < changes.length; i++) {
            propose(changes[i], values[i]);
            vm.prank(owner);
            app.cancel(changes[i], values[i]);
        }
        vm.warp(START + EXIT);
        for (uint256 i = 0; i < changes.length; i++) {
            expectNotProposed(changes[i], values[i]);
            app.activate(changes[i], values[i]);
            expectNotProposed(changes[i], values[i]);
            vm.prank(owner);
            app.cancel(changes[i], values[i]);
        }
    }

    function test_aProposalExpires() public {
        (AppAuthHistory.Change[8] memory changes, bytes32[8] memory values) = eachChange();
        for (uint256 i = 0; i < changes.length; i++) {
            setUp();
            propose(changes[i], values[i]);
            (,, uint256 expires) = app.pending(changes[i], values[i]);
            uint256 snapshot = vm.snapshotState();
            vm.warp(expires - 1);
            app.activate(changes[i], values[i]);
            vm.revertToState(snapshot);
            vm.warp(expires);
            vm.expectRevert(
                abi.encodeWithSelector(
                    TimelockAppAuth.AppAuthExpired.selector, changes[i], values[i], expires
                )
            );
            app.activate(changes[i], values[i]);
            (uint256 proposed,,) = app.pending(changes[i], values[i]);
            assertEq(proposed, 0);
        }
    }

    function test_anExpiredProposalCanBeMadeAnewAndWaitsAnew() public {
        propose(AppAuthHistory.Change.AddComposeHash, V2);
        vm.warp(START + NOTICE + LIFETIME);
        propose(AppAuthHistory.Change.AddComposeHash, V2);
        assertEq(app.activatesAt(V2), START + 2 * NOTICE + LIFETIME);
    }

    function test_anExpiredProposalCanBeCancelled() public {
        propose(AppAuthHistory.Change.AddComposeHash, V2);
        vm.warp(START + NOTICE + LIFETIME);
        vm.prank(owner);
        app.cancelProposal(V2);
        expectNotProposed(AppAuthHistory.Change.AddComposeHash, V2);
        app.activateComposeHash(V2);
    }

    function test_aPendingProposalCannotBeMadeAgain() public {
        (AppAuthHistory.Change[8] memory changes, bytes32[8] memory values) = eachChange();
        for (uint256 i = 0; i < changes.length; i++) {
            propose(changes[i], values[i]);
            vm.expectRevert(
                abi.encodeWithSelector(
                    TimelockAppAuth.AppAuthAlreadyProposed.selector, changes[i], values[i]
                )
            );
            propose(changes[i], values[i]);
        }
    }

    function expectBadValue(AppAuthHistory.Change change, bytes32 value) private {
        vm.expectRevert(
            abi.encodeWithSelector(TimelockAppAuth.AppAuthBadValue.selector, change, value)
        );
        propose(change, value);
    }

    function test_valuesThatNoChangeCanHaveAreRefused() public {
        expectBadValue(AppAuthHistory.Change.AddComposeHash, 0);
        expectBadValue(AppAuthHistory.Change.RemoveComposeHash, 0);
        expectBadValue(AppAuthHistory.Change.AddDevice, 0);
        expectBadValue(AppAuthHistory.Change.RemoveDevice, 0);
        expectBadValue(AppAuthHistory.Change.SetAllowAnyDevice, bytes32(uint256(2)));
        expectBadValue(AppAuthHistory.Change.SetRequireTcbUpToDate, bytes32(uint256(2)));
        expectBadValue(AppAuthHistory.Change.SetGuardian, bytes32(uint256(1) << 160));
        expectBadValue(AppAuthHistory.Change.SetNotice, 0);
        expectBadValue(AppAuthHistory.Change.SetNotice, bytes32(uint256(MINIMUM - 1)));
        expectBadValue(AppAuthHistory.Change.SetNotice, bytes32(uint256(NOTICE + 1)));
        expectBadValue(AppAuthHistory.Change.SetNotice, bytes32((uint256(1) << 64) + MINIMUM));
    }

    function expectNoChange(AppAuthHistory.Change change, bytes32 value) private {
        vm.expectRevert(
            abi.encodeWithSelector(TimelockAppAuth.AppAuthNoChange.selector, change, value)
        );
        propose(change, value);
    }

    function test_whatIsSoAlreadyIsRefused() public {
        expectNoChange(AppAuthHistory.Change.AddComposeHash, V1);
        expectNoChange(AppAuthHistory.Change.RemoveComposeHash, V2);
        expectNoChange(AppAuthHistory.Change.AddDevice, D1);
        expectNoChange(AppAuthHistory.Change.RemoveDevice, D2);
        expectNoChange(AppAuthHistory.Change.SetAllowAnyDevice, 0);
        expectNoChange(AppAuthHistory.Change.SetRequireTcbUpToDate, bytes32(uint256(1)));
        expectNoChange(AppAuthHistory.Change.SetGuardian, toValue(guardian));
        expectNoChange(AppAuthHistory.Change.SetNotice, bytes32(uint256(NOTICE)));
    }

    function test_whatIsAtOnceCannotBeProposed() public {
        AppAuthHistory.Change[4] memory others = [
            AppAuthHistory.Change.DisableUpgrades,
            AppAuthHistory.Change.Pause,
            AppAuthHistory.Change.Unpause,
            AppAuthHistory.Change.SetOwner
        ];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(
                abi.encodeWithSelector(TimelockAppAuth.AppAuthNotProposable.selector, others[i])
            );
            propose(others[i], V2);
            expectNotProposed(others[i], V2);
            app.activate(others[i], V2);
        }
    }

    function testFuzz_onlyTheOwnerDecides(address caller, uint8 kind, bytes32 value) public {
        vm.assume(caller != owner && caller != address(0));
        AppAuthHistory.Change change = AppAuthHistory.Change(kind % 12);
        bytes memory refusal =
            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, caller);
        propose(AppAuthHistory.Change.AddComposeHash, V2);
        vm.startPrank(caller);
        vm.expectRevert(refusal);
        app.propose(change, value);
        vm.expectRevert(refusal);
        app.cancel(change, value);
        vm.expectRevert(refusal);
        app.cancelProposal(V2);
        vm.expectRevert(refusal);
        app.proposeComposeHash(value);
        vm.expectRevert(refusal);
        app.proposeRemoval(V1);
        vm.expectRevert(refusal);
        app.cancelRemoval(V1);
        vm.expectRevert(refusal);
        app.increaseNotice(NOTICE + 1);
        vm.expectRevert(refusal);
        app.disableUpgrades();
        vm.expectRevert(refusal);
        app.unpause();
        vm.expectRevert(refusal);
        app.transferOwnership(caller);
        vm.expectRevert(refusal);
        app.acceptOwnership();
    }

    // --- the notice ---

    function test_aLongerNoticeIsAtOnceAndCountsForWhatIsPending() public {
        propose(AppAuthHistory.Change.AddComposeHash, V2);
        propose(AppAuthHistory.Change.RemoveComposeHash, V1);
        vm.prank(owner);
        app.increaseNotice(NOTICE + 1);
        assertEq(app.noticePeriod(), NOTICE + 1);
        assertEq(app.activatesAt(V2), START + NOTICE + 1);
        assertEq(app.removableAt(V1), START + EXIT);
        vm.prank(owner);
        app.increaseNotice(EXIT + 1);
        assertEq(app.activatesAt(V2), START + EXIT + 1);
        assertEq(app.removableAt(V1), START + EXIT + 1);
    }

    function test_increaseNoticeOnlyIncreasesWithinTheLimit() public {
        uint64[3] memory bad = [NOTICE, MINIMUM, 365 days + 1];
        for (uint256 i = 0; i < bad.length; i++) {
            expectBadPeriod(bad[i], NOTICE + 1);
            vm.prank(owner);
            app.increaseNotice(bad[i]);
        }
        vm.prank(owner);
        app.increaseNotice(365 days);
        assertEq(app.noticePeriod(), 365 days);
    }

    function test_aShorterNoticeShortensNoPromise() public {
        propose(AppAuthHistory.Change.SetNotice, bytes32(uint256(MINIMUM)));
        vm.warp(START + NOTICE - 1);
        propose(AppAuthHistory.Change.AddComposeHash, V2);
        vm.warp(START + NOTICE);
        app.activate(AppAuthHistory.Change.SetNotice, bytes32(uint256(MINIMUM)));
        assertEq(app.activatesAt(V2), START + 2 * NOTICE - 1);
        propose(AppAuthHistory.Change.AddDevice, D2);
        (, uint256 due,) = app.pending(AppAuthHistory.Change.AddDevice, D2);
        assertEq(due, START + NOTICE + MINIMUM);
    }

    // --- the end of upgrades ---

    function expectUpgradesDisabled() private {
        vm.expectRevert(abi.encodeWithSelector(TimelockAppAuth.AppAuthUpgradesDisabled.selector));
    }

    function test_disableUpgradesEndsNewCodeForEver() public {
        propose(AppAuthHistory.Change.AddComposeHash, V2);
        vm.prank(owner);
        app.disableUpgrades();
        assertTrue(app.upgradesDisabled());
        assertEq(app.activatesAt(V2), 0);
        vm.warp(START + NOTICE);
        expectUpgradesDisabled();
        app.activateComposeHash(V2);
        expectUpgradesDisabled();
        propose(AppAuthHistory.Change.AddComposeHash, V2);
        expectUpgradesDisabled();
        vm.prank(owner);
        app.disableUpgrades();
        assertTrue(isAllowed(V1));
        assertFalse(isAllowed(V2));
    }

    function test_afterTheEndOfUpgradesAllElseGoesOn() public {
        propose(AppAuthHistory.Change.AddComposeHash, V2);
        vm.startPrank(owner);
        app.disableUpgrades();
        app.cancelProposal(V2);
        vm.stopPrank();
        carryOut(AppAuthHistory.Change.AddDevice, D2);
        carryOut(AppAuthHistory.Change.RemoveComposeHash, V1);
        assertFalse(isAllowed(V1));
    }

    // --- the guardian ---

    function testFuzz_onlyTheGuardianPauses(address caller) public {
        vm.assume(caller != guardian);
        vm.expectRevert(abi.encodeWithSelector(TimelockAppAuth.AppAuthNotGuardian.selector, caller));
        vm.prank(caller);
        app.pause();
    }

    function test_aPauseEndsByItself() public {
        pause();
        assertTrue(app.paused());
        assertFalse(isAllowed(V1));
        assertEq(app.pausedUntil(), START + PAUSE);
        vm.warp(START + PAUSE - 1);
        assertFalse(isAllowed(V1));
        vm.warp(START + PAUSE);
        assertFalse(app.paused());
        assertTrue(isAllowed(V1));
    }

    function test_theOwnerEndsAPause() public {
        vm.expectRevert(abi.encodeWithSelector(TimelockAppAuth.AppAuthNotPaused.selector));
        unpause();
        pause();
        vm.warp(START + 1 days);
        unpause();
        assertTrue(isAllowed(V1));
        assertEq(app.pausedSeconds(), 1 days);
        vm.expectRevert(abi.encodeWithSelector(TimelockAppAuth.AppAuthNotPaused.selector));
        unpause();
    }

    function expectRest(uint256 until) private {
        vm.expectRevert(
            abi.encodeWithSelector(TimelockAppAuth.AppAuthGuardianRests.selector, until)
        );
        pause();
    }

    function test_aRestFollowsEachPause() public {
        pause();
        vm.expectRevert(
            abi.encodeWithSelector(TimelockAppAuth.AppAuthPaused.selector, START + PAUSE)
        );
        pause();
        vm.warp(START + 2 * PAUSE - 1);
        expectRest(START + 2 * PAUSE);
        vm.warp(START + 2 * PAUSE);
        pause();
        vm.warp(START + 2 * PAUSE + 1 days);
        unpause();
        expectRest(START + 3 * PAUSE + 1 days);
    }

    function test_nothingIsActivatedInAPauseButRemovals() public {
        (AppAuthHistory.Change[8] memory changes, bytes32[8] memory values) = eachChange();
        for (uint256 i = 0; i < changes.length; i++) {
            setUp();
            propose(changes[i], values[i]);
            vm.warp(START + EXIT);
            pause();
            if (changes[i] == AppAuthHistory.Change.RemoveComposeHash) {
                app.activate(changes[i], values[i]);
                continue;
            }
            uint256 end = START + EXIT + PAUSE;
            vm.expectRevert(abi.encodeWithSelector(TimelockAppAuth.AppAuthPaused.selector, end));
            app.activate(changes[i], values[i]);
            vm.warp(end);
            app.activate(changes[i], values[i]);
        }
    }

    function test_aPauseStopsTheClockOfANotice() public {
        propose(AppAuthHistory.Change.AddComposeHash, V2);
        vm.warp(START + 1 days);
        pause();
        assertEq(app.activatesAt(V2), START + NOTICE + PAUSE);
        vm.warp(START + 3 days);
        assertEq(app.activatesAt(V2), START + NOTICE + PAUSE);
        unpause();
        assertEq(app.activatesAt(V2), START + NOTICE + 2 days);
    }

    function test_aProposalMadeInAPauseWaitsFromItsEnd() public {
        pause();
        vm.warp(START + 5 days);
        propose(AppAuthHistory.Change.AddComposeHash, V2);
        assertEq(app.activatesAt(V2), START + PAUSE + NOTICE);
        vm.warp(START + 6 days);
        unpause();
        assertEq(app.activatesAt(V2), START + 6 days + NOTICE);
    }

    function test_codeThatWasStoppedCanBeGoneBeforeThePauseEnds() public {
        pause();
        propose(AppAuthHistory.Change.RemoveComposeHash, V1);
        vm.warp(START + EXIT);
        app.removeComposeHash(V1);
        vm.warp(START + PAUSE);
        assertFalse(app.paused());
        assertFalse(isAllowed(V1));
    }

    function test_anAppWithoutAGuardianHasNoPause() public {
        app = new TimelockAppAuth(owner, address(0), config());
        vm.expectRevert(
            abi.encodeWithSelector(TimelockAppAuth.AppAuthNotGuardian.selector, guardian)
        );
        pause();
    }

    // --- versions ---

    function test_versionsCountWhatWasEverAllowed() public {
        carryOut(AppAuthHistory.Change.AddComposeHash, V2);
        uint256 second = vm.getBlockTimestamp();
        carryOut(AppAuthHistory.Change.RemoveComposeHash, V1);
        assertEq(app.versionOf(V1), 1);
        assertEq(app.versionOf(V2), 2);
        assertEq(app.versionOf(keccak256("code 3")), 0);
        assertEq(app.latestVersion(), 2);
        AppAuthHistory.Version[] memory all = app.versions(0, 10);
        assertEq(all.length, 2);
        assertEq(all[0].composeHash, V1);
        assertEq(all[0].activatedAt, START);
        assertEq(all[0].retiredAt, vm.getBlockTimestamp());
        assertEq(all[1].composeHash, V2);
        assertEq(all[1].activatedAt, second);
        assertEq(all[1].retiredAt, 0);
    }

    function test_aRemovedHashIsNeverAllowedAgain() public {
        carryOut(AppAuthHistory.Change.RemoveComposeHash, V1);
        vm.expectRevert(
            abi.encodeWithSelector(TimelockAppAuth.AppAuthRetired.selector, V1, uint256(1))
        );
        propose(AppAuthHistory.Change.AddComposeHash, V1);
    }

    // --- the history ---

    function test_theHistoryHoldsAllThatHappened() public {
        uint256 first = app.historyLength();
        assertEq(first, 7);
        vm.startPrank(owner);
        app.proposeComposeHash(V2);
        app.cancelProposal(V2);
        app.increaseNotice(NOTICE + 1);
        vm.stopPrank();
        pause();
        unpause();
        vm.prank(owner);
        app.disableUpgrades();
        vm.prank(owner);
        app.transferOwnership(stranger);
        vm.prank(stranger);
        app.acceptOwnership();
        AppAuthHistory.Entry[] memory page = app.history(first, 100);
        assertEq(page.length, 7);
        assertEntry(page[0], AppAuthHistory.Action.Proposed, AppAuthHistory.Change.AddComposeHash);
        assertEq(page[0].value, V2);
        assertEq(page[0].actor, owner);
        assertEntry(page[1], AppAuthHistory.Action.Cancelled, AppAuthHistory.Change.AddComposeHash);
        assertEntry(page[2], AppAuthHistory.Action.Done, AppAuthHistory.Change.SetNotice);
        assertEq(page[2].value, bytes32(uint256(NOTICE + 1)));
        assertEntry(page[3], AppAuthHistory.Action.Done, AppAuthHistory.Change.Pause);
        assertEq(page[3].value, bytes32(START + PAUSE));
        assertEq(page[3].actor, guardian);
        assertEntry(page[4], AppAuthHistory.Action.Done, AppAuthHistory.Change.Unpause);
        assertEntry(page[5], AppAuthHistory.Action.Done, AppAuthHistory.Change.DisableUpgrades);
        assertEntry(page[6], AppAuthHistory.Action.Done, AppAuthHistory.Change.SetOwner);
        assertEq(page[6].value, toValue(stranger));
        assertEq(page[6].actor, stranger);
    }

    function assertEntry(
        AppAuthHistory.Entry memory entry,
        AppAuthHistory.Action action,
        AppAuthHistory.Change change
    ) private view {
        assertEq(uint256(entry.action), uint256(action));
        assertEq(uint256(entry.change), uint256(change));
        assertEq(entry.time, vm.getBlockTimestamp());
    }

    function test_theHistoryBeginsWithTheDeployment() public view {
        AppAuthHistory.Change[7] memory changes = [
            AppAuthHistory.Change.SetOwner,
            AppAuthHistory.Change.SetNotice,
            AppAuthHistory.Change.SetGuardian,
            AppAuthHistory.Change.SetAllowAnyDevice,
            AppAuthHistory.Change.SetRequireTcbUpToDate,
            AppAuthHistory.Change.AddComposeHash,
            AppAuthHistory.Change.AddDevice
        ];
        bytes32[7] memory values = [
            toValue(owner),
            bytes32(uint256(NOTICE)),
            toValue(guardian),
            bytes32(0),
            bytes32(uint256(1)),
            V1,
            D1
        ];
        AppAuthHistory.Entry[] memory page = app.history(0, 7);
        for (uint256 i = 0; i < 7; i++) {
            assertEntry(page[i], AppAuthHistory.Action.Done, changes[i]);
            assertEq(page[i].value, values[i]);
            assertEq(page[i].actor, address(this));
        }
    }

    /// @dev Pages of any size, from anywhere, are cuttings of the whole.
    function testFuzz_aPageIsACuttingOfTheWhole(uint256 from, uint256 count) public {
        carryOut(AppAuthHistory.Change.AddComposeHash, V2);
        AppAuthHistory.Entry[] memory all = app.history(0, type(uint256).max);
        assertEq(all.length, 9);
        if (from % 2 == 0) from %= 12;
        if (count % 2 == 0) count %= 12;
        AppAuthHistory.Entry[] memory page = app.history(from, count);
        uint256 left = from < 9 ? 9 - from : 0;
        assertEq(page.length, count < left ? count : left);
        for (uint256 i = 0; i < page.length; i++) {
            assertEq(keccak256(abi.encode(page[i])), keccak256(abi.encode(all[from + i])));
        }
        assertEq(
            app.versions(from, count).length, from < 2 ? (count < 2 - from ? count : 2 - from) : 0
        );
    }

    // --- owners ---

    function test_ownershipMovesInTwoSteps() public {
        vm.expectEmit(address(app));
        emit Ownable2Step.OwnershipTransferStarted(owner, stranger);
        vm.prank(owner);
        app.transferOwnership(stranger);
        assertEq(app.owner(), owner);
        assertEq(app.pendingOwner(), stranger);
        vm.prank(stranger);
        app.acceptOwnership();
        assertEq(app.owner(), stranger);
    }

    function test_withoutAnOwnerNothingIsProposed() public {
        propose(AppAuthHistory.Change.AddComposeHash, V2);
        vm.prank(owner);
        app.renounceOwnership();
        assertEq(app.owner(), address(0));
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, owner));
        propose(AppAuthHistory.Change.AddDevice, D2);
        // What was announced before is still visible, and may still come.
        vm.warp(START + NOTICE);
        app.activateComposeHash(V2);
        pause();
        vm.warp(START + NOTICE + PAUSE);
        assertTrue(isAllowed(V2));
    }

    // --- storage ---

    /// @dev What a light client proves must stand where it looks.
    function test_slotsAreThoseOfDstackAppAndTheDocumentedOnes() public {
        pause();
        bytes32 slot1 = vm.load(address(app), bytes32(uint256(1)));
        assertEq(uint256(slot1) >> 80, uint256(uint160(guardian)));
        assertEq(uint64(uint256(slot1) >> 16), START + PAUSE);
        assertEq(uint16(uint256(slot1)), 0);
        unpause();
        carryOut(AppAuthHistory.Change.SetAllowAnyDevice, bytes32(uint256(1)));
        assertEq(uint16(uint256(vm.load(address(app), bytes32(uint256(1))))), 0x0100);
        vm.prank(owner);
        app.disableUpgrades();
        assertEq(uint16(uint256(vm.load(address(app), bytes32(uint256(1))))), 0x0101);
        assertEq(entryAt(V1, 0), 1);
        assertEq(entryAt(V2, 0), 0);
        assertEq(entryAt(D1, 2), 1);
        assertEq(entryAt(D2, 2), 0);
        assertEq(vm.load(address(app), bytes32(uint256(3))), bytes32(uint256(1)));
        assertEq(vm.load(address(app), bytes32(uint256(4))), app.historyDigest());
        assertEq(entryAt(V1, 7), 1);
        assertEq(vm.load(address(app), bytes32(uint256(8))), toValue(owner));
        assertEq(uint256(vm.load(address(app), bytes32(uint256(9)))) >> 160, app.noticePeriod());
        assertEq(uint256(vm.load(address(app), bytes32(uint256(10)))), app.pausedSeconds());
    }

    function entryAt(bytes32 key, uint256 slot) private view returns (uint256) {
        return uint256(vm.load(address(app), keccak256(abi.encode(key, slot))));
    }

    function test_theDigestCommitsToEachEntry() public {
        carryOut(AppAuthHistory.Change.AddComposeHash, V2);
        pause();
        assertEq(digestOf(app.history(0, type(uint256).max)), app.historyDigest());
    }

    function digestOf(AppAuthHistory.Entry[] memory page) private pure returns (bytes32 digest) {
        for (uint256 i = 0; i < page.length; i++) {
            AppAuthHistory.Entry memory e = page[i];
            digest = keccak256(abi.encode(digest, e.time, e.action, e.change, e.actor, e.value));
        }
    }

    // --- events ---

    function expectRecorded(
        AppAuthHistory.Action action,
        AppAuthHistory.Change change,
        bytes32 value,
        address actor
    ) private {
        vm.expectEmit(address(app));
        emit Recorded(app.historyLength(), action, change, value, actor);
    }

    function test_eachProposalHasItsEvents() public {
        expectRecorded(
            AppAuthHistory.Action.Proposed, AppAuthHistory.Change.AddComposeHash, V2, owner
        );
        vm.expectEmit(address(app));
        emit TimelockAppAuth.ComposeHashProposed(V2, START + NOTICE);
        propose(AppAuthHistory.Change.AddComposeHash, V2);

        expectRecorded(
            AppAuthHistory.Action.Cancelled, AppAuthHistory.Change.AddComposeHash, V2, owner
        );
        vm.expectEmit(address(app));
        emit TimelockAppAuth.ComposeHashCancelled(V2);
        vm.prank(owner);
        app.cancelProposal(V2);

        expectRecorded(AppAuthHistory.Action.Proposed, AppAuthHistory.Change.AddDevice, D2, owner);
        propose(AppAuthHistory.Change.AddDevice, D2);
        expectRecorded(AppAuthHistory.Action.Cancelled, AppAuthHistory.Change.AddDevice, D2, owner);
        vm.prank(owner);
        app.cancel(AppAuthHistory.Change.AddDevice, D2);
    }

    function expectDone(AppAuthHistory.Change change, bytes32 value) private {
        propose(change, value);
        (, uint256 due,) = app.pending(change, value);
        vm.warp(due);
        expectRecorded(AppAuthHistory.Action.Done, change, value, stranger);
        vm.expectEmit(address(app));
    }

    function finish(AppAuthHistory.Change change, bytes32 value) private {
        vm.prank(stranger);
        app.activate(change, value);
    }

    function test_eachActivationHasTheEventsOfDstack() public {
        expectDone(AppAuthHistory.Change.AddComposeHash, V2);
        emit ComposeHashAdded(V2);
        vm.expectEmit(address(app));
        emit TimelockAppAuth.ComposeHashActivated(V2);
        finish(AppAuthHistory.Change.AddComposeHash, V2);

        expectDone(AppAuthHistory.Change.RemoveComposeHash, V1);
        emit ComposeHashRemoved(V1);
        finish(AppAuthHistory.Change.RemoveComposeHash, V1);

        expectDone(AppAuthHistory.Change.AddDevice, D2);
        emit DeviceAdded(D2);
        finish(AppAuthHistory.Change.AddDevice, D2);

        expectDone(AppAuthHistory.Change.RemoveDevice, D1);
        emit DeviceRemoved(D1);
        finish(AppAuthHistory.Change.RemoveDevice, D1);

        expectDone(AppAuthHistory.Change.SetAllowAnyDevice, bytes32(uint256(1)));
        emit AllowAnyDeviceSet(true);
        finish(AppAuthHistory.Change.SetAllowAnyDevice, bytes32(uint256(1)));

        expectDone(AppAuthHistory.Change.SetRequireTcbUpToDate, 0);
        emit RequireTcbUpToDateSet(false);
        finish(AppAuthHistory.Change.SetRequireTcbUpToDate, 0);

        expectDone(AppAuthHistory.Change.SetGuardian, toValue(stranger));
        emit TimelockAppAuth.GuardianSet(stranger);
        finish(AppAuthHistory.Change.SetGuardian, toValue(stranger));

        expectDone(AppAuthHistory.Change.SetNotice, bytes32(uint256(MINIMUM)));
        emit TimelockAppAuth.NoticePeriodSet(MINIMUM);
        finish(AppAuthHistory.Change.SetNotice, bytes32(uint256(MINIMUM)));
    }

    function test_whatIsAtOnceHasItsEvents() public {
        expectRecorded(
            AppAuthHistory.Action.Done,
            AppAuthHistory.Change.Pause,
            bytes32(START + PAUSE),
            guardian
        );
        vm.expectEmit(address(app));
        emit TimelockAppAuth.Paused(START + PAUSE);
        pause();

        expectRecorded(AppAuthHistory.Action.Done, AppAuthHistory.Change.Unpause, 0, owner);
        vm.expectEmit(address(app));
        emit TimelockAppAuth.Unpaused();
        unpause();

        expectRecorded(
            AppAuthHistory.Action.Done,
            AppAuthHistory.Change.SetNotice,
            bytes32(uint256(NOTICE + 1)),
            owner
        );
        vm.expectEmit(address(app));
        emit TimelockAppAuth.NoticePeriodSet(NOTICE + 1);
        vm.prank(owner);
        app.increaseNotice(NOTICE + 1);

        expectRecorded(AppAuthHistory.Action.Done, AppAuthHistory.Change.DisableUpgrades, 0, owner);
        vm.expectEmit(address(app));
        emit UpgradesDisabled();
        vm.prank(owner);
        app.disableUpgrades();

        vm.expectEmit(address(app));
        emit Ownable.OwnershipTransferred(owner, address(0));
        expectRecorded(AppAuthHistory.Action.Done, AppAuthHistory.Change.SetOwner, 0, owner);
        vm.prank(owner);
        app.renounceOwnership();
    }

    /// @dev As dstack's watchers know them: arguments in the data, topics as in its own contract.
    function test_theEventsHaveTheTopicsOfDstack() public pure {
        assertEq(
            ComposeHashAdded.selector,
            0xfecb34306dd9d8b785b54d65489d06afc8822a0893ddacedff40c50a4942d0af
        );
        assertEq(
            ComposeHashRemoved.selector,
            0x755b79bd4b0eeab344d032284a99003b2ddc018b646752ac72d681593a6e8947
        );
        assertEq(
            DeviceAdded.selector, 0x67fc71ab96fe3fa3c6f78e9a00e635d591b7333ce611c0380bc577aac702243b
        );
        assertEq(
            DeviceRemoved.selector,
            0xe0862975ac517b0478d308012afabc4bc37c23874a18144d7f2dfb852ff95c2c
        );
        assertEq(
            AllowAnyDeviceSet.selector,
            0xbb2cdb6c7b362202d40373f87bc4788301cca658f91711ac1662e1ad2cba4a20
        );
        assertEq(
            UpgradesDisabled.selector,
            0x0e5daa943fcd7e7182d0e893d180695c2ea9f6f1b4a1c5432faf14cf17b774e8
        );
    }
}
