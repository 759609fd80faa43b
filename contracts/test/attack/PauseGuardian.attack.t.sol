// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TimelockAppAuth} from "../../src/TimelockAppAuth.sol";
import {AppAuthHistory} from "../../src/appauth/AppAuthHistory.sol";
import {IPausable, PauseGuardian} from "../../src/governance/PauseGuardian.sol";
import {GovernanceFixture} from "../GovernanceFixture.sol";

/// @title An app that, when it is paused, calls another in the guardians' name
contract TurningApp is IPausable {
    TimelockAppAuth private victim;
    PauseGuardian private guardians;

    constructor(TimelockAppAuth victim_, PauseGuardian guardians_) {
        victim = victim_;
        guardians = guardians_;
    }

    function pause() external {
        (bool direct,) = address(victim).call(abi.encodeCall(victim.pause, ()));
        (bool through,) =
            address(guardians).call(abi.encodeCall(guardians.pause, (IPausable(address(victim)))));
        require(!direct && !through, "the guardians' power was borrowed");
    }
}

/// @title A guardian who wants more than to pause
contract PauseGuardianAttack is GovernanceFixture {
    /// @dev A guardian's key, whatever it calls the app with, directly or through the contract.
    function test_aGuardianDoesAnythingButPause() public {
        bytes[9] memory calls = [
            abi.encodeCall(app.proposeComposeHash, (V2)),
            abi.encodeCall(app.cancelProposal, (V2)),
            abi.encodeCall(app.proposeRemoval, (V1)),
            abi.encodeCall(app.propose, (AppAuthHistory.Change.SetAllowAnyDevice, bytes32("1"))),
            abi.encodeCall(app.unpause, ()),
            abi.encodeCall(app.increaseNotice, (NOTICE + 1)),
            abi.encodeCall(app.disableUpgrades, ()),
            abi.encodeCall(app.transferOwnership, (guardian)),
            abi.encodeCall(app.pause, ())
        ];
        for (uint256 i = 0; i < calls.length; i++) {
            vm.prank(guardian);
            (bool direct,) = address(app).call(calls[i]);
            assertFalse(direct);
            vm.prank(guardian);
            (bool through,) = address(guardians).call(calls[i]);
            assertFalse(through);
        }
        // What the contract could do if it were made to call something else: as little.
        for (uint256 i = 0; i < calls.length - 1; i++) {
            vm.prank(address(guardians));
            (bool asContract,) = address(app).call(calls[i]);
            assertFalse(asContract);
        }
    }

    /// @dev A pause that never ends would take the keys from the users as well as an upgrade.
    function test_aGuardianPausesForEver() public {
        vm.startPrank(guardian);
        guardians.pause(IPausable(address(app)));
        vm.expectRevert();
        guardians.pause(IPausable(address(app)));
        vm.warp(app.pausedUntil());
        assertTrue(isAllowed(V1));
        vm.expectRevert();
        guardians.pause(IPausable(address(app)));
        vm.stopPrank();
        // Two guardians are no more than one.
        vm.prank(makeAddr("second guardian"));
        vm.expectRevert();
        guardians.pause(IPausable(address(app)));
    }

    /// @dev The members, too, can end a pause.
    function test_aGuardianHoldsThePauseAgainstTheMembers() public {
        bytes memory unpause = abi.encodeCall(app.unpause, ());
        carry(address(app), unpause);
        queueCall(address(app), unpause);
        vm.warp(block.timestamp + EXECUTION_DELAY);
        vm.prank(guardian);
        guardians.pause(IPausable(address(app)));
        assertFalse(isAllowed(V1));
        executeCall(address(app), unpause);
        assertTrue(isAllowed(V1));
    }

    /// @dev The time to leave: a pause moves what is due later, never earlier.
    function testFuzz_aGuardianHurriesAnUpgradeByAPause(uint256 when) public {
        decide(address(app), upgrade());
        uint256 due = app.activatesAt(V2);
        vm.warp(bound(when, block.timestamp, due - 1));
        vm.prank(guardian);
        guardians.pause(IPausable(address(app)));
        assertGe(app.activatesAt(V2), due);
    }

    /// @dev The guardians call a contract of a stranger, as themselves.
    function test_anAppThatBorrowsTheGuardiansName() public {
        TurningApp turning = new TurningApp(app, guardians);
        vm.prank(guardian);
        guardians.pause(turning);
        assertTrue(isAllowed(V1));
    }

    function test_theDeployerNamesAnotherGuardian() public {
        string[3] memory makers =
            ["addMember(address)", "setMember(address,bool)", "transferOwnership(address)"];
        for (uint256 i = 0; i < makers.length; i++) {
            (bool ok,) = address(guardians).call(abi.encodeWithSignature(makers[i], stranger, true));
            assertFalse(ok);
        }
        assertFalse(guardians.isMember(stranger));
    }
}
