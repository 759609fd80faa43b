// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TimelockAppAuth} from "../../src/TimelockAppAuth.sol";
import {AppAuthHistory} from "../../src/appauth/AppAuthHistory.sol";
import {AppAuthFixture} from "../AppAuthFixture.sol";

/// @title Who wants users' keys for code that users had no time to leave
/// @dev The attacker is the owner, mostly; sometimes in league with the guardian.
contract TimelockAppAuthAttack is AppAuthFixture {
    bytes32 private constant EVIL = keccak256("code that leaks keys");
    bytes32 private constant YES = bytes32(uint256(1));

    function assertStillHonest() private view {
        assertTrue(isAllowed(V1), "the code that users chose");
        assertFalse(isAllowed(EVIL), "the code that leaks");
    }

    function tryAs(address who, bytes memory call_) private returns (bool ok) {
        vm.prank(who);
        (ok,) = address(app).call(call_);
    }

    /// @dev Upstream's owner has all of these, and "disableUpgrades" takes only the last away.
    function test_theCallsByWhichUpstreamsOwnerSkipsEveryDelay() public {
        bytes[7] memory calls = [
            abi.encodeWithSignature("addComposeHash(bytes32)", EVIL),
            abi.encodeWithSignature("addDevice(bytes32)", D2),
            abi.encodeWithSignature("removeDevice(bytes32)", D1),
            abi.encodeWithSignature("setAllowAnyDevice(bool)", true),
            abi.encodeWithSignature("setRequireTcbUpToDate(bool)", false),
            abi.encodeWithSignature("removeComposeHash(bytes32)", V1),
            abi.encodeWithSignature("upgradeToAndCall(address,bytes)", stranger, "")
        ];
        for (uint256 i = 0; i < calls.length; i++) {
            assertFalse(tryAs(owner, calls[i]));
        }
        assertStillHonest();
        assertTrue(app.allowedDeviceIds(D1));
        assertFalse(app.allowedDeviceIds(D2));
        assertFalse(app.allowAnyDevice());
        assertTrue(app.requireTcbUpToDate());
    }

    /// @dev Code that can be replaced, or that calls code which can, is no promise.
    function test_theCodeCannotBeReplacedAndCallsNoOtherCode() public view {
        bytes memory code = address(app).code;
        // The last two bytes are the length of the metadata, which is no code.
        uint256 end = code.length - 2 - (uint256(uint8(code[code.length - 2])) << 8)
            - uint8(code[code.length - 1]);
        for (uint256 i = 0; i < end; i++) {
            uint8 op = uint8(code[i]);
            // CREATE, CALL, CALLCODE, DELEGATECALL, CREATE2, STATICCALL, SELFDESTRUCT
            assertFalse(
                (op >= 0xf0 && op <= 0xf2) || op == 0xf4 || op == 0xf5 || op == 0xfa || op == 0xff,
                vm.toString(i)
            );
            if (op >= 0x60 && op <= 0x7f) i += op - 0x5f;
        }
    }

    function test_aProposalHeldBackAcrossTheEndOfUpgrades() public {
        propose(AppAuthHistory.Change.AddComposeHash, EVIL);
        vm.warp(START + NOTICE);
        vm.prank(owner);
        app.disableUpgrades();
        assertFalse(tryAs(owner, abi.encodeCall(app.activateComposeHash, (EVIL))));
        vm.warp(START + NOTICE + LIFETIME);
        assertFalse(tryAs(owner, abi.encodeCall(app.proposeComposeHash, (EVIL))));
        assertStillHonest();
    }

    function test_upgradesEnabledAgainByANewOwner() public {
        vm.startPrank(owner);
        app.disableUpgrades();
        app.transferOwnership(stranger);
        vm.stopPrank();
        vm.startPrank(stranger);
        app.acceptOwnership();
        vm.expectRevert(abi.encodeWithSelector(TimelockAppAuth.AppAuthUpgradesDisabled.selector));
        app.proposeComposeHash(EVIL);
        vm.stopPrank();
    }

    /// @dev Users see code go and have no time to leave by it.
    function test_theOldCodeRemovedWithTheNotice() public {
        propose(AppAuthHistory.Change.RemoveComposeHash, V1);
        vm.warp(START + EXIT - 1);
        assertFalse(tryAs(owner, abi.encodeCall(app.removeComposeHash, (V1))));
        assertStillHonest();
    }

    /// @dev The machine of the old code taken away is the old code taken away.
    function test_theOldDeviceRemovedAtOnce() public {
        propose(AppAuthHistory.Change.RemoveDevice, D1);
        vm.warp(START + NOTICE - 1);
        assertFalse(
            tryAs(owner, abi.encodeCall(app.activate, (AppAuthHistory.Change.RemoveDevice, D1)))
        );
        assertStillHonest();
    }

    function test_aShorterNoticeUsedForWhatIsAlreadyPending() public {
        propose(AppAuthHistory.Change.SetNotice, bytes32(uint256(MINIMUM)));
        vm.warp(START + NOTICE - 1);
        propose(AppAuthHistory.Change.AddComposeHash, EVIL);
        vm.warp(START + NOTICE);
        app.activate(AppAuthHistory.Change.SetNotice, bytes32(uint256(MINIMUM)));
        vm.warp(START + NOTICE - 1 + MINIMUM);
        assertFalse(tryAs(owner, abi.encodeCall(app.activateComposeHash, (EVIL))));
    }

    /// @dev A long notice is shown to users while a short one waits in the drawer.
    function test_aLongNoticeShownAndAnOldShortOneActivated() public {
        propose(AppAuthHistory.Change.SetNotice, bytes32(uint256(MINIMUM)));
        vm.warp(START + NOTICE - 1);
        vm.prank(owner);
        app.increaseNotice(90 days);
        vm.warp(START + 90 days - 1);
        assertFalse(
            tryAs(
                owner,
                abi.encodeCall(
                    app.activate, (AppAuthHistory.Change.SetNotice, bytes32(uint256(MINIMUM)))
                )
            )
        );
        assertEq(app.noticePeriod(), 90 days);
    }

    /// @dev The same with code in the drawer.
    function test_aLongNoticeShownAndOldCodeActivated() public {
        propose(AppAuthHistory.Change.AddComposeHash, EVIL);
        vm.prank(owner);
        app.increaseNotice(90 days);
        vm.warp(START + 90 days - 1);
        assertFalse(tryAs(owner, abi.encodeCall(app.activateComposeHash, (EVIL))));
    }

    function test_noNoticeAtAll() public {
        uint64[3] memory shorter = [0, 1, MINIMUM - 1];
        for (uint256 i = 0; i < shorter.length; i++) {
            bytes32 value = bytes32(uint256(shorter[i]));
            assertFalse(
                tryAs(owner, abi.encodeCall(app.propose, (AppAuthHistory.Change.SetNotice, value)))
            );
            assertFalse(tryAs(owner, abi.encodeCall(app.increaseNotice, (shorter[i]))));
        }
    }

    /// @dev Announced once, forgotten by all, activated a year later.
    function test_aRipeProposalKeptForLater() public {
        propose(AppAuthHistory.Change.AddComposeHash, EVIL);
        vm.warp(START + 365 days);
        assertFalse(tryAs(owner, abi.encodeCall(app.activateComposeHash, (EVIL))));
        propose(AppAuthHistory.Change.AddComposeHash, EVIL);
        vm.warp(START + 365 days + NOTICE - 1);
        assertFalse(tryAs(owner, abi.encodeCall(app.activateComposeHash, (EVIL))));
        assertStillHonest();
    }

    /// @dev The age of a proposal must not survive it.
    function test_aCancelledProposalMadeAgain() public {
        propose(AppAuthHistory.Change.AddComposeHash, EVIL);
        vm.warp(START + NOTICE - 1);
        vm.startPrank(owner);
        app.cancelProposal(EVIL);
        app.proposeComposeHash(EVIL);
        vm.stopPrank();
        vm.warp(START + 2 * NOTICE - 2);
        assertFalse(tryAs(owner, abi.encodeCall(app.activateComposeHash, (EVIL))));
    }

    /// @dev A harmless announcement must not carry another change.
    function test_aDeviceAnnouncedAndCodeOfThatHashActivated() public {
        propose(AppAuthHistory.Change.AddDevice, EVIL);
        propose(AppAuthHistory.Change.SetAllowAnyDevice, YES);
        vm.warp(START + EXIT);
        assertFalse(tryAs(owner, abi.encodeCall(app.activateComposeHash, (EVIL))));
        assertFalse(
            tryAs(
                owner,
                abi.encodeCall(app.activate, (AppAuthHistory.Change.SetRequireTcbUpToDate, 0))
            )
        );
        assertFalse(
            tryAs(owner, abi.encodeCall(app.activate, (AppAuthHistory.Change.SetGuardian, YES)))
        );
    }

    function test_aProposalActivatedTwice() public {
        carryOut(AppAuthHistory.Change.AddComposeHash, V2);
        carryOut(AppAuthHistory.Change.RemoveComposeHash, V2);
        assertFalse(tryAs(owner, abi.encodeCall(app.activateComposeHash, (V2))));
    }

    /// @dev The same code under a higher number would pass for an upgrade.
    function test_aDowngradeByAddingOldCodeAnew() public {
        carryOut(AppAuthHistory.Change.AddComposeHash, V2);
        carryOut(AppAuthHistory.Change.RemoveComposeHash, V1);
        assertFalse(tryAs(owner, abi.encodeCall(app.proposeComposeHash, (V1))));
        assertEq(app.versionOf(V1), 1);
        assertLt(app.versionOf(V1), app.versionOf(V2));
    }

    /// @dev With a guardian in league: a pause as long as the notice, and users could never leave.
    function test_thePauseThatEatsTheNotice() public {
        propose(AppAuthHistory.Change.AddComposeHash, EVIL);
        pause();
        vm.warp(START + PAUSE);
        assertFalse(tryAs(owner, abi.encodeCall(app.activateComposeHash, (EVIL))));
        vm.warp(START + PAUSE + NOTICE - 1);
        assertFalse(tryAs(owner, abi.encodeCall(app.activateComposeHash, (EVIL))));
        assertStillHonest();
    }

    /// @dev Short pauses, lifted at once, must not add up to less than they took.
    function testFuzz_pausesThatShiftTheClock(uint32[8] memory steps) public {
        propose(AppAuthHistory.Change.AddComposeHash, EVIL);
        uint256 unpaused = 0;
        for (uint256 i = 0; i < steps.length; i++) {
            uint256 before = vm.getBlockTimestamp();
            uint256 free = i % 2 == 0 ? 1 : 0;
            if (i % 2 == 0) tryAs(owner, abi.encodeCall(app.unpause, ()));
            else free = tryAs(guardian, abi.encodeCall(app.pause, ())) ? 0 : 1;
            uint256 end = app.pausedUntil();
            vm.warp(before + steps[i] % NOTICE);
            uint256 now_ = vm.getBlockTimestamp();
            if (free == 1) unpaused += now_ - before;
            else if (now_ > end) unpaused += now_ - end;
        }
        bool activated = tryAs(stranger, abi.encodeCall(app.activateComposeHash, (EVIL)));
        if (unpaused < NOTICE) assertFalse(activated);
    }

    function test_theGuardianThatPausesForEver() public {
        pause();
        uint256 allowedSeconds = 0;
        for (uint256 day = 1; day <= 400; day++) {
            vm.warp(START + day * 1 days);
            tryAs(guardian, abi.encodeCall(app.pause, ()));
            if (isAllowed(V1)) allowedSeconds += 1 days;
        }
        assertGe(allowedSeconds, 180 days);
    }

    /// @dev A guardian gone bad must not stop the clock of its own replacement for ever.
    function test_theGuardianThatCannotBeReplaced() public {
        propose(AppAuthHistory.Change.SetGuardian, toValue(stranger));
        pause();
        vm.warp(START + PAUSE);
        assertFalse(tryAs(guardian, abi.encodeCall(app.pause, ())));
        vm.warp(START + PAUSE + NOTICE);
        app.activate(AppAuthHistory.Change.SetGuardian, toValue(stranger));
        assertFalse(tryAs(guardian, abi.encodeCall(app.pause, ())));
    }

    function test_theGuardianThatDoesMoreThanPause() public {
        propose(AppAuthHistory.Change.AddComposeHash, V2);
        bytes[8] memory calls = [
            abi.encodeCall(app.proposeComposeHash, (EVIL)),
            abi.encodeCall(app.cancelProposal, (V2)),
            abi.encodeCall(app.proposeRemoval, (V1)),
            abi.encodeCall(app.removeComposeHash, (V1)),
            abi.encodeCall(app.disableUpgrades, ()),
            abi.encodeCall(app.increaseNotice, (NOTICE + 1)),
            abi.encodeCall(app.transferOwnership, (guardian)),
            abi.encodeCall(app.propose, (AppAuthHistory.Change.SetGuardian, toValue(stranger)))
        ];
        for (uint256 i = 0; i < calls.length; i++) {
            assertFalse(tryAs(guardian, calls[i]));
        }
        pause();
        assertFalse(tryAs(guardian, abi.encodeCall(app.unpause, ())));
    }

    /// @dev To stop the old code at once is to end the exit.
    function test_theOwnerThatPauses() public {
        assertFalse(tryAs(owner, abi.encodeCall(app.pause, ())));
        propose(AppAuthHistory.Change.SetGuardian, toValue(owner));
        vm.warp(START + NOTICE - 1);
        assertFalse(
            tryAs(
                owner,
                abi.encodeCall(app.activate, (AppAuthHistory.Change.SetGuardian, toValue(owner)))
            )
        );
        assertFalse(tryAs(owner, abi.encodeCall(app.pause, ())));
        assertStillHonest();
    }

    /// @dev One transaction of a new owner, as a contract could send it.
    function test_aNewOwnerBoundByNoPromise() public {
        vm.prank(owner);
        app.transferOwnership(stranger);
        vm.startPrank(stranger);
        app.acceptOwnership();
        app.proposeComposeHash(EVIL);
        vm.stopPrank();
        vm.warp(START + NOTICE - 1);
        assertFalse(tryAs(stranger, abi.encodeCall(app.activateComposeHash, (EVIL))));
    }

    function test_ownershipGivenToOneWhoNeverAsked() public {
        vm.prank(owner);
        app.transferOwnership(stranger);
        assertFalse(tryAs(guardian, abi.encodeCall(app.acceptOwnership, ())));
        assertEq(app.owner(), owner);
    }

    /// @dev Boot info that speaks of another app, as a careless caller may pass it on.
    function test_theBootInfoOfAnotherApp() public {
        TimelockAppAuth other = new TimelockAppAuth(owner, guardian, config());
        (bool allowed,) = other.isAppAllowed(boot(V1, D1, "UpToDate"));
        assertFalse(allowed);
    }

    function test_aStatusThatLooksUpToDate() public view {
        string[5] memory statuses =
            ["UpToDate ", "UpToDate\x00", "uptodate", "UpToDate,OutOfDate", "SWHardeningNeeded"];
        for (uint256 i = 0; i < statuses.length; i++) {
            (bool allowed,) = app.isAppAllowed(boot(V1, D1, statuses[i]));
            assertFalse(allowed, statuses[i]);
        }
    }

    /// @dev What is announced is found without a single event.
    function test_anAnnouncementHiddenFromWhoReadsNoLogs() public {
        propose(AppAuthHistory.Change.AddComposeHash, EVIL);
        AppAuthHistory.Entry[] memory page = app.history(app.historyLength() - 1, 1);
        assertEq(page[0].value, EVIL);
        assertEq(uint256(page[0].action), uint256(AppAuthHistory.Action.Proposed));
        assertGt(app.activatesAt(EVIL), 0);
    }
}
