// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {
    GovernorCountingSimple
} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {
    GovernorPreventLateQuorum
} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {
    GovernorTimelockControl
} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {
    GovernorVotes,
    IVotes
} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {
    GovernorVotesQuorumFraction
} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";

/// @title An app that belongs to its members
/// @notice OpenZeppelin's Governor with a timelock of its own, whose address (`timelock`) is to be the
/// owner of the app's TimelockAppAuth. An upgrade is proposed, voted on, queued, executed when the
/// timelock's delay is over, and only then announced to users, whose notice begins. Every step but
/// proposing and voting is anybody's.
///
/// The timelock is made here, in one transaction, with this governor as its only proposer and
/// canceller, and without an admin: there is no moment at which whoever deploys it could do more than
/// the members allow.
/// @dev Times are in the clock of the token (ERC-6372): seconds for MemberVotes. `executionDelay` is
/// always in seconds. Settings change by a vote only.
contract AppGovernor is
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotesQuorumFraction,
    GovernorPreventLateQuorum,
    GovernorTimelockControl
{
    /// @param votingDelay From proposal to vote: time to gather votes; at least 1
    /// @param votingPeriod How long the vote lasts; at least 1
    /// @param voteExtension How long it still lasts after quorum is reached, so that nobody decides in
    /// the last second
    /// @param proposalThreshold Votes that a proposer needs
    /// @param quorumPercent Votes that must be cast for or abstain, of all there are, 1 to 100
    /// @param executionDelay From queueing to execution, in seconds; at least 1
    struct Settings {
        uint48 votingDelay;
        uint32 votingPeriod;
        uint48 voteExtension;
        uint256 proposalThreshold;
        uint256 quorumPercent;
        uint256 executionDelay;
    }

    /// @notice A setting that would let the first comer decide: name of it.
    error AppGovernorZero(string setting);

    /// @param name_ Name in the EIP-712 domain of votes by signature
    /// @param token Who has how many votes: ERC20Votes, ERC721Votes, MemberVotes
    constructor(string memory name_, IVotes token, Settings memory settings)
        Governor(name_)
        GovernorSettings(settings.votingDelay, settings.votingPeriod, settings.proposalThreshold)
        GovernorVotes(token)
        GovernorVotesQuorumFraction(settings.quorumPercent)
        GovernorPreventLateQuorum(settings.voteExtension)
        GovernorTimelockControl(_makeTimelock(settings.executionDelay))
    {
        if (settings.votingDelay == 0) revert AppGovernorZero("votingDelay");
        if (settings.quorumPercent == 0) revert AppGovernorZero("quorumPercent");
        if (settings.executionDelay == 0) revert AppGovernorZero("executionDelay");
    }

    /// @inheritdoc Governor
    function state(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (ProposalState)
    {
        return super.state(proposalId);
    }

    /// @inheritdoc Governor
    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    /// @inheritdoc Governor
    function proposalThreshold()
        public
        view
        override(Governor, GovernorSettings)
        returns (uint256)
    {
        return super.proposalThreshold();
    }

    /// @inheritdoc Governor
    function proposalDeadline(uint256 proposalId)
        public
        view
        override(Governor, GovernorPreventLateQuorum)
        returns (uint256)
    {
        return super.proposalDeadline(proposalId);
    }

    function _tallyUpdated(uint256 proposalId)
        internal
        override(Governor, GovernorPreventLateQuorum)
    {
        super._tallyUpdated(proposalId);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor()
        internal
        view
        override(Governor, GovernorTimelockControl)
        returns (address)
    {
        return super._executor();
    }

    /// @dev This governor proposes and cancels; anyone executes (zero); there is no admin (zero).
    function _makeTimelock(uint256 delay) private returns (TimelockController) {
        address[] memory proposers = new address[](1);
        proposers[0] = address(this);
        return new TimelockController(delay, proposers, new address[](1), address(0));
    }
}
