// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {MemberVotes} from "../src/governance/MemberVotes.sol";
import {GovernanceFixture} from "./GovernanceFixture.sol";

contract MemberVotesTest is GovernanceFixture {
    function test_eachMemberHasASeatThatVotes() public view {
        for (uint256 i = 0; i < 5; i++) {
            assertEq(votes.ownerOf(i + 1), members[i]);
            assertEq(votes.delegates(members[i]), members[i]);
            assertEq(votes.getVotes(members[i]), 1);
        }
        assertEq(votes.getPastTotalSupply(START), 5);
    }

    function test_seatsAreDue() public {
        vm.expectRevert(MemberVotes.MemberVotesNoMembers.selector);
        new MemberVotes("Seats", "SEAT", new address[](0));
    }

    function test_nobodyCannotHaveASeat() public {
        vm.expectRevert();
        new MemberVotes("Seats", "SEAT", new address[](1));
    }

    function test_aMemberNamedTwiceHasTwoSeats() public {
        address[] memory list = new address[](2);
        list[0] = list[1] = stranger;
        MemberVotes two = new MemberVotes("Seats", "SEAT", list);
        assertEq(two.getVotes(stranger), 2);
    }

    function test_aSeatThatIsHandedOnVotesForItsNewHolder() public {
        vm.prank(members[0]);
        votes.transferFrom(members[0], stranger, 1);
        assertEq(votes.getVotes(members[0]), 0);
        assertEq(votes.getVotes(stranger), 1);
    }

    function test_aHolderNamesSomeoneElse() public {
        vm.prank(members[0]);
        votes.delegate(members[1]);
        assertEq(votes.getVotes(members[0]), 0);
        assertEq(votes.getVotes(members[1]), 2);
        // And keeps to it when another seat comes.
        vm.prank(members[2]);
        votes.transferFrom(members[2], members[0], 3);
        assertEq(votes.getVotes(members[1]), 3);
    }

    function test_timeIsInSeconds() public view {
        assertEq(votes.clock(), block.timestamp);
        assertEq(votes.CLOCK_MODE(), "mode=timestamp");
        assertEq(votes.name(), "Seats");
        assertEq(votes.symbol(), "SEAT");
    }

    /// @dev Whoever holds what, all votes together are the seats.
    function testFuzz_handingOnMakesNoVotes(uint256[8] memory moves) public {
        for (uint256 i = 0; i < moves.length; i++) {
            uint256 seat = 1 + moves[i] % 5;
            address from = votes.ownerOf(seat);
            vm.prank(from);
            votes.transferFrom(from, members[(moves[i] >> 8) % 5], seat);
        }
        uint256 sum = 0;
        for (uint256 i = 0; i < 5; i++) {
            assertEq(votes.getVotes(members[i]), votes.balanceOf(members[i]));
            sum += votes.getVotes(members[i]);
        }
        assertEq(sum, 5);
    }
}
