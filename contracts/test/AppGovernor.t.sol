// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {AppAuthHistory} from "../src/appauth/AppAuthHistory.sol";
import {AppGovernor} from "../src/governance/AppGovernor.sol";
import {GovernanceFixture} from "./GovernanceFixture.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";

contract AppGovernorTest is GovernanceFixture {
    function assertState(uint256 id, IGovernor.ProposalState state) private view {
        assertEq(uint256(governor.state(id)), uint256(state));
    }

    /// @dev Four delays in a row: before the vote, the vote, the timelock, the notice to users.
    function test_anUpgradeFromItsProposalToItsKeys() public {
        uint256 id = proposeCall(address(app), upgrade());
        assertState(id, IGovernor.ProposalState.Pending);
        openVote();
        assertState(id, IGovernor.ProposalState.Active);
        cast(id, 0, FOR);
        cast(id, 1, FOR);
        cast(id, 2, ABSTAIN);
        cast(id, 3, AGAINST);
        endVote(id);
        assertState(id, IGovernor.ProposalState.Succeeded);
        assertTrue(governor.proposalNeedsQueuing(id));

        vm.prank(stranger);
        queueCall(address(app), upgrade());
        assertState(id, IGovernor.ProposalState.Queued);
        assertEq(governor.proposalEta(id), block.timestamp + EXECUTION_DELAY);
        vm.warp(block.timestamp + EXECUTION_DELAY);
        assertEq(app.activatesAt(V2), 0);
        vm.prank(stranger);
        executeCall(address(app), upgrade());
        assertState(id, IGovernor.ProposalState.Executed);

        assertEq(app.activatesAt(V2), block.timestamp + NOTICE);
        assertFalse(isAllowed(V2));
        vm.warp(app.activatesAt(V2));
        vm.prank(stranger);
        app.activateComposeHash(V2);
        assertTrue(isAllowed(V2));
    }

    function test_theMembersTakeAnUpgradeBack() public {
        decide(address(app), upgrade());
        decide(address(app), abi.encodeCall(app.cancelProposal, (V2)));
        assertEq(app.activatesAt(V2), 0);
    }

    function test_theMembersChangeTheGuardian() public {
        bytes32 none = 0;
        decide(address(app), abi.encodeCall(app.propose, (AppAuthHistory.Change.SetGuardian, none)));
        vm.warp(block.timestamp + NOTICE);
        app.activate(AppAuthHistory.Change.SetGuardian, none);
        assertEq(app.guardian(), address(0));
    }

    function test_theMembersEndUpgradesForEver() public {
        decide(address(app), abi.encodeCall(app.disableUpgrades, ()));
        assertTrue(app.upgradesDisabled());
    }

    function test_whatWasSetIsReadable() public view {
        assertEq(governor.name(), "App");
        assertEq(governor.votingDelay(), VOTING_DELAY);
        assertEq(governor.votingPeriod(), VOTING_PERIOD);
        assertEq(governor.lateQuorumVoteExtension(), EXTENSION);
        assertEq(governor.proposalThreshold(), 1);
        assertEq(governor.quorum(START), 3);
        assertEq(timelock.getMinDelay(), EXECUTION_DELAY);
        assertEq(address(governor.token()), address(votes));
        assertEq(governor.CLOCK_MODE(), "mode=timestamp");
        assertEq(governor.clock(), block.timestamp);
    }

    /// @dev Nobody is left over from deployment who could do more than the members allow.
    function test_theTimelockObeysThisGovernorAlone() public view {
        bytes32 admin = timelock.DEFAULT_ADMIN_ROLE();
        assertTrue(timelock.hasRole(timelock.PROPOSER_ROLE(), address(governor)));
        assertTrue(timelock.hasRole(timelock.CANCELLER_ROLE(), address(governor)));
        assertTrue(timelock.hasRole(timelock.EXECUTOR_ROLE(), address(0)));
        assertTrue(timelock.hasRole(admin, address(timelock)));
        assertFalse(timelock.hasRole(admin, address(governor)));
        assertFalse(timelock.hasRole(admin, address(this)));
        assertFalse(timelock.hasRole(timelock.PROPOSER_ROLE(), address(this)));
        assertFalse(timelock.hasRole(timelock.CANCELLER_ROLE(), address(this)));
        assertEq(app.owner(), address(timelock));
    }

    function assertRefused(AppGovernor.Settings memory some, string memory setting) private {
        vm.expectRevert(abi.encodeWithSelector(AppGovernor.AppGovernorZero.selector, setting));
        new AppGovernor("App", votes, some);
    }

    function test_settingsOfZeroAreRefused() public {
        AppGovernor.Settings memory some = settings();
        some.votingDelay = 0;
        assertRefused(some, "votingDelay");
        some = settings();
        some.quorumPercent = 0;
        assertRefused(some, "quorumPercent");
        some = settings();
        some.executionDelay = 0;
        assertRefused(some, "executionDelay");
        some = settings();
        some.votingPeriod = 0;
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorInvalidVotingPeriod.selector, 0));
        new AppGovernor("App", votes, some);
    }

    function test_withoutAQuorumNothingIsDecided() public {
        uint256 id = proposeCall(address(app), upgrade());
        openVote();
        cast(id, 0, FOR);
        cast(id, 1, FOR);
        cast(id, 2, AGAINST);
        endVote(id);
        assertState(id, IGovernor.ProposalState.Defeated);
    }

    function test_aTieIsNoMajority() public {
        uint256 id = proposeCall(address(app), upgrade());
        openVote();
        cast(id, 0, FOR);
        cast(id, 1, FOR);
        cast(id, 2, AGAINST);
        cast(id, 3, AGAINST);
        cast(id, 4, ABSTAIN);
        endVote(id);
        assertState(id, IGovernor.ProposalState.Defeated);
    }

    function test_aProposerTakesAProposalBackBeforeTheVote() public {
        uint256 id = proposeCall(address(app), upgrade());
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) =
            actionOf(address(app), upgrade());
        vm.prank(members[0]);
        governor.cancel(targets, values, calls, keccak256(bytes(DESCRIPTION)));
        assertState(id, IGovernor.ProposalState.Canceled);
    }

    function test_aQuorumAtTheEndProlongsTheVote() public {
        uint256 id = proposeCall(address(app), upgrade());
        uint256 end = governor.proposalDeadline(id);
        openVote();
        cast(id, 0, FOR);
        cast(id, 1, FOR);
        vm.warp(end);
        cast(id, 2, FOR);
        assertEq(governor.proposalDeadline(id), end + EXTENSION);
        cast(id, 3, AGAINST);
        vm.warp(end + EXTENSION);
        assertState(id, IGovernor.ProposalState.Active);
    }

    function test_settingsChangeByAVoteOnly() public {
        vm.prank(members[0]);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, members[0]));
        governor.setVotingPeriod(1);
        decide(address(governor), abi.encodeCall(GovernorSettings.setVotingPeriod, (8 days)));
        assertEq(governor.votingPeriod(), 8 days);
    }

    function testFuzz_aVoteIsCarriedByAMajorityWithAQuorum(uint8[5] memory ballots) public {
        uint256[3] memory counts;
        uint256 id = proposeCall(address(app), upgrade());
        openVote();
        for (uint256 i = 0; i < 5; i++) {
            uint8 support = ballots[i] % 4;
            if (support == 3) continue;
            counts[support]++;
            cast(id, i, support);
        }
        endVote(id);
        bool carried = counts[FOR] > counts[AGAINST] && counts[FOR] + counts[ABSTAIN] >= 3;
        assertState(
            id, carried ? IGovernor.ProposalState.Succeeded : IGovernor.ProposalState.Defeated
        );
    }
}
