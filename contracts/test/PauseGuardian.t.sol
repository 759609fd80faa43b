// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IPausable, PauseGuardian} from "../src/governance/PauseGuardian.sol";
import {GovernanceFixture} from "./GovernanceFixture.sol";

contract PauseGuardianTest is GovernanceFixture {
    IPausable private target;

    function setUp() public override {
        super.setUp();
        target = IPausable(address(app));
    }

    function test_eachGuardianCanPause() public {
        assertTrue(isAllowed(V1));
        vm.expectEmit(address(guardians));
        emit PauseGuardian.PausedBy(address(app), guardian);
        vm.prank(guardian);
        guardians.pause(target);
        assertFalse(isAllowed(V1));
        vm.warp(app.pausedUntil() + PAUSE);
        vm.prank(makeAddr("second guardian"));
        guardians.pause(target);
        assertFalse(isAllowed(V1));
    }

    function test_theGuardiansAreReadable() public view {
        assertTrue(guardians.isMember(guardian));
        assertFalse(guardians.isMember(stranger));
        address[] memory list = guardians.members();
        assertEq(list.length, 2);
        assertEq(list[0], guardian);
        assertEq(list[1], makeAddr("second guardian"));
    }

    function test_guardiansAreDue() public {
        vm.expectRevert(PauseGuardian.PauseGuardianNoMembers.selector);
        new PauseGuardian(new address[](0));
    }

    function testFuzz_othersCannotPause(address caller) public {
        vm.assume(!guardians.isMember(caller));
        vm.expectRevert(
            abi.encodeWithSelector(PauseGuardian.PauseGuardianNotMember.selector, caller)
        );
        vm.prank(caller);
        guardians.pause(target);
        assertTrue(isAllowed(V1));
    }
}
