// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TimelockAppAuth} from "../src/TimelockAppAuth.sol";
import {AppGovernor} from "../src/governance/AppGovernor.sol";
import {MemberVotes} from "../src/governance/MemberVotes.sol";
import {PauseGuardian} from "../src/governance/PauseGuardian.sol";
import {AppAuthFixture} from "./AppAuthFixture.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title An app that five members own, with two guardians
/// @dev What is decided is one call of the app, described by DESCRIPTION.
abstract contract GovernanceFixture is AppAuthFixture {
    uint48 internal constant VOTING_DELAY = 1 days;
    uint32 internal constant VOTING_PERIOD = 5 days;
    uint48 internal constant EXTENSION = 2 days;
    uint256 internal constant EXECUTION_DELAY = 3 days;
    string internal constant DESCRIPTION = "Version 2";
    uint8 internal constant AGAINST = 0;
    uint8 internal constant FOR = 1;
    uint8 internal constant ABSTAIN = 2;

    MemberVotes internal votes;
    AppGovernor internal governor;
    TimelockController internal timelock;
    PauseGuardian internal guardians;
    address[5] internal members;

    function setUp() public virtual override {
        vm.warp(START);
        votes = new MemberVotes("Seats", "SEAT", makeMembers());
        governor = new AppGovernor("App", votes, settings());
        timelock = TimelockController(payable(governor.timelock()));
        guardians = new PauseGuardian(makeGuardians());
        app = new TimelockAppAuth(address(timelock), address(guardians), config());
        // Votes count from the second after they were given.
        vm.warp(START + 1);
    }

    function makeMembers() internal returns (address[] memory list) {
        list = new address[](5);
        string[5] memory names = ["alice", "bob", "carol", "dave", "erin"];
        for (uint256 i = 0; i < 5; i++) {
            list[i] = members[i] = makeAddr(names[i]);
        }
    }

    function makeGuardians() internal view returns (address[] memory list) {
        list = new address[](2);
        list[0] = guardian;
        list[1] = makeAddr("second guardian");
    }

    function settings() internal pure returns (AppGovernor.Settings memory) {
        return AppGovernor.Settings({
            votingDelay: VOTING_DELAY,
            votingPeriod: VOTING_PERIOD,
            voteExtension: EXTENSION,
            proposalThreshold: 1,
            quorumPercent: 60,
            executionDelay: EXECUTION_DELAY
        });
    }

    function actionOf(address target, bytes memory data)
        internal
        pure
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calls)
    {
        targets = new address[](1);
        values = new uint256[](1);
        calls = new bytes[](1);
        targets[0] = target;
        calls[0] = data;
    }

    function upgrade() internal pure returns (bytes memory) {
        return abi.encodeCall(TimelockAppAuth.proposeComposeHash, (V2));
    }

    function proposeCall(address target, bytes memory data) internal returns (uint256) {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) =
            actionOf(target, data);
        vm.prank(members[0]);
        return governor.propose(targets, values, calls, DESCRIPTION);
    }

    function queueCall(address target, bytes memory data) internal {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) =
            actionOf(target, data);
        governor.queue(targets, values, calls, keccak256(bytes(DESCRIPTION)));
    }

    function executeCall(address target, bytes memory data) internal {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) =
            actionOf(target, data);
        governor.execute(targets, values, calls, keccak256(bytes(DESCRIPTION)));
    }

    function cast(uint256 id, uint256 member, uint8 support) internal {
        vm.prank(members[member]);
        governor.castVote(id, support);
    }

    function openVote() internal {
        vm.warp(block.timestamp + VOTING_DELAY + 1);
    }

    function endVote(uint256 id) internal {
        vm.warp(governor.proposalDeadline(id) + 1);
    }

    /// @dev Proposed, and carried by three of five.
    function carry(address target, bytes memory data) internal returns (uint256 id) {
        id = proposeCall(target, data);
        openVote();
        cast(id, 0, FOR);
        cast(id, 1, FOR);
        cast(id, 2, FOR);
        endVote(id);
    }

    /// @dev Carried, queued and executed.
    function decide(address target, bytes memory data) internal {
        carry(target, data);
        queueCall(target, data);
        vm.warp(block.timestamp + EXECUTION_DELAY);
        executeCall(target, data);
    }
}
