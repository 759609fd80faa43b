// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TimelockAppAuth} from "../../src/TimelockAppAuth.sol";
import {GovernanceFixture} from "../GovernanceFixture.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

/// @title Who wants to decide for the members
contract AppGovernorAttack is GovernanceFixture {
    address private attacker = makeAddr("attacker");

    function assertNothingProposed() private view {
        assertEq(app.activatesAt(V2), 0);
        assertFalse(isAllowed(V2));
    }

    /// @dev Not even the deployer, who is this contract.
    function test_aCallOfTheAppPastTheVote() public {
        address[4] memory callers = [address(this), members[0], guardian, address(governor)];
        for (uint256 i = 0; i < callers.length; i++) {
            vm.prank(callers[i]);
            vm.expectRevert();
            app.proposeComposeHash(V2);
            vm.prank(callers[i]);
            vm.expectRevert();
            app.transferOwnership(attacker);
        }
        assertNothingProposed();
    }

    function test_anOperationPutIntoTheTimelockPastTheVote() public {
        address[3] memory callers = [address(this), members[0], guardian];
        for (uint256 i = 0; i < callers.length; i++) {
            vm.prank(callers[i]);
            vm.expectRevert();
            timelock.schedule(address(app), 0, upgrade(), 0, 0, EXECUTION_DELAY);
        }
        vm.expectRevert();
        timelock.execute(address(app), 0, upgrade(), 0, 0);
        assertNothingProposed();
    }

    /// @dev Upstream setups often leave the deployer as admin of the timelock.
    function test_theDeployerMakesItselfAProposer() public {
        bytes32 role = timelock.PROPOSER_ROLE();
        vm.expectRevert();
        timelock.grantRole(role, attacker);
        vm.expectRevert();
        timelock.updateDelay(0);
    }

    function test_aStrangerProposes() public {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) =
            actionOf(address(app), upgrade());
        vm.prank(attacker);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorInsufficientProposerVotes.selector, attacker, 0, 1
            )
        );
        governor.propose(targets, values, calls, DESCRIPTION);
    }

    function test_aStrangerVotes() public {
        uint256 id = proposeCall(address(app), upgrade());
        openVote();
        vm.prank(attacker);
        assertEq(governor.castVote(id, FOR), 0);
        endVote(id);
        vm.expectRevert();
        queueCall(address(app), upgrade());
    }

    function test_oneMemberVotesTwice() public {
        uint256 id = proposeCall(address(app), upgrade());
        openVote();
        cast(id, 0, FOR);
        vm.prank(members[0]);
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, members[0])
        );
        governor.castVote(id, FOR);
    }

    /// @dev One seat walks from hand to hand; only who had it when the vote began has its vote.
    function test_oneSeatVotesManyTimes() public {
        uint256 id = proposeCall(address(app), upgrade());
        openVote();
        cast(id, 0, FOR);
        address holder = members[0];
        for (uint256 i = 0; i < 5; i++) {
            address next = makeAddr(string.concat("helper ", vm.toString(i)));
            vm.prank(holder);
            votes.transferFrom(holder, next, 1);
            vm.prank(next);
            assertEq(governor.castVote(id, FOR), 0);
            holder = next;
        }
        endVote(id);
        vm.expectRevert();
        queueCall(address(app), upgrade());
    }

    /// @dev Seats that are bought, or lent, once it is known what is voted on.
    function test_seatsGatheredAfterTheVoteHasBegun() public {
        uint256 id = proposeCall(address(app), upgrade());
        openVote();
        for (uint256 i = 1; i < 5; i++) {
            vm.prank(members[i]);
            votes.transferFrom(members[i], attacker, i + 1);
        }
        vm.warp(block.timestamp + 1);
        vm.prank(attacker);
        assertEq(governor.castVote(id, FOR), 0);
    }

    function test_moreSeatsAreMade() public {
        string[4] memory makers = [
            "mint(address,uint256)",
            "safeMint(address)",
            "safeMint(address,uint256)",
            "mint(address)"
        ];
        for (uint256 i = 0; i < makers.length; i++) {
            (bool ok,) =
                address(votes).call(abi.encodeWithSignature(makers[i], attacker, uint256(6)));
            assertFalse(ok);
        }
        assertEq(votes.getVotes(attacker), 0);
    }

    function test_aDefeatedProposalIsQueued() public {
        uint256 id = proposeCall(address(app), upgrade());
        openVote();
        cast(id, 0, FOR);
        cast(id, 1, AGAINST);
        cast(id, 2, AGAINST);
        endVote(id);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        queueCall(address(app), upgrade());
    }

    function test_aVoteIsEndedEarly() public {
        uint256 id = proposeCall(address(app), upgrade());
        openVote();
        for (uint256 i = 0; i < 5; i++) {
            cast(id, i, FOR);
        }
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        queueCall(address(app), upgrade());
    }

    function testFuzz_theTimelocksDelayIsCutShort(uint256 wait) public {
        carry(address(app), upgrade());
        queueCall(address(app), upgrade());
        vm.warp(block.timestamp + bound(wait, 0, EXECUTION_DELAY - 1));
        vm.expectRevert();
        executeCall(address(app), upgrade());
        assertNothingProposed();
    }

    function test_aProposalIsExecutedUnqueued() public {
        carry(address(app), upgrade());
        vm.warp(block.timestamp + EXECUTION_DELAY);
        vm.expectRevert();
        executeCall(address(app), upgrade());
        assertNothingProposed();
    }

    /// @dev Something else under the description and the votes of another proposal.
    function test_otherCodeThanWasVotedOn() public {
        carry(address(app), upgrade());
        queueCall(address(app), upgrade());
        vm.warp(block.timestamp + EXECUTION_DELAY);
        bytes memory other =
            abi.encodeCall(TimelockAppAuth.proposeComposeHash, (keccak256("other")));
        vm.expectRevert();
        executeCall(address(app), other);
    }

    function test_aDecisionIsExecutedTwice() public {
        decide(address(app), abi.encodeCall(app.increaseNotice, (NOTICE + 1)));
        vm.expectRevert();
        executeCall(address(app), abi.encodeCall(app.increaseNotice, (NOTICE + 1)));
    }

    /// @dev All members together cannot take the notice from the users.
    function test_aMajoritySkipsTheNotice() public {
        decide(address(app), upgrade());
        bytes memory activate = abi.encodeCall(TimelockAppAuth.activateComposeHash, (V2));
        // A vote takes longer than this notice, so a member tries by hand what a vote would.
        vm.expectPartialRevert(TimelockAppAuth.AppAuthTooEarly.selector);
        vm.prank(address(timelock));
        app.activateComposeHash(V2);
        (bool ok,) = address(app).call(activate);
        assertFalse(ok);
        assertFalse(isAllowed(V2));
    }

    function test_aGuardianStopsAVoteOrStealsOne() public {
        uint256 id = carry(address(app), upgrade());
        queueCall(address(app), upgrade());
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) =
            actionOf(address(app), upgrade());
        bytes32 operation = timelock.hashOperationBatch(
            targets, values, calls, 0, bytes20(address(governor)) ^ keccak256(bytes(DESCRIPTION))
        );
        assertTrue(timelock.isOperationPending(operation));
        vm.startPrank(guardian);
        vm.expectRevert();
        governor.cancel(targets, values, calls, keccak256(bytes(DESCRIPTION)));
        vm.expectRevert();
        timelock.cancel(operation);
        vm.expectPartialRevert(IGovernor.GovernorInsufficientProposerVotes.selector);
        governor.propose(targets, values, calls, "a guardian's");
        vm.stopPrank();
        assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Queued));
    }

    /// @dev A proposer who could still cancel after the vote would hold a veto.
    function test_aProposerTakesBackWhatWasVotedOn() public {
        carry(address(app), upgrade());
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) =
            actionOf(address(app), upgrade());
        vm.prank(members[0]);
        vm.expectRevert();
        governor.cancel(targets, values, calls, keccak256(bytes(DESCRIPTION)));
    }

    /// @dev Whoever sees a proposal on its way could send it ahead and then cancel it.
    function test_aProposalIsSentAheadByAnotherMember() public {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) =
            actionOf(address(app), upgrade());
        string memory mine = string.concat("Version 2 #proposer=", vm.toString(members[0]));
        vm.prank(members[4]);
        vm.expectPartialRevert(IGovernor.GovernorRestrictedProposer.selector);
        governor.propose(targets, values, calls, mine);
        vm.prank(members[0]);
        governor.propose(targets, values, calls, mine);
    }
}
