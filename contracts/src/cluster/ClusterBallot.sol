// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {PullPayments} from "../PullPayments.sol";

/// @title What the ballot needs of the cluster
interface IBallotCluster {
    function ownerOf(uint256 tokenId) external view returns (address);
    function totalSupply() external view returns (uint32);
    function lastTokenId() external view returns (uint32);
    function mintPrice() external view returns (uint96);
    function admitByVote(address to, address instanceId) external payable returns (uint256 tokenId);
}

/// @title The members' vote on who may join a cluster
/// @notice Anybody may apply, for himself or another, and leaves the price of a seat with this
/// contract. Each token that exists at that time has one vote. After the period the applicant is
/// admitted if the quorum voted and more are for than against; else the payer gets all back.
/// @dev Deployed before the cluster, for the address that the cluster will have; the cluster's
/// constructor checks it. A contract of its own, as the two exceed the size that a chain takes.
contract ClusterBallot is PullPayments {
    using SafeCast for uint256;

    /// @param endsAt Last second at which votes are taken
    /// @param electorate How many tokens there were
    /// @param lastVoter The newest of them
    /// @param payer Who is refunded
    /// @param deposit Price of the seat; counts as paid by the member once it is admitted
    struct Application {
        address candidate;
        uint40 endsAt;
        uint32 electorate;
        address payer;
        uint32 lastVoter;
        uint32 votesFor;
        uint32 votesAgainst;
        address instanceId;
        uint96 deposit;
    }

    error BallotBadQuorum(uint256 quorum, uint256 most);
    error BallotBadPeriod(uint256 period, uint256 least, uint256 most);
    error BallotBadInstanceId(string text);
    error BallotNoCandidate();
    error BallotTooLittle(uint256 paid, uint256 price);
    /// @notice There is no such application, or it is settled.
    error BallotNoApplication(uint256 applicationId);
    error BallotOver(uint256 applicationId, uint256 endsAt);
    error BallotNotOver(uint256 applicationId, uint256 endsAt);
    error BallotNotHolder(address caller, uint256 tokenId);
    error BallotTokenTooNew(uint256 tokenId, uint256 lastVoter);
    error BallotVotedAlready(uint256 applicationId, uint256 tokenId);
    error BallotNotPayer(address caller, address payer);

    event Applied(
        uint256 indexed applicationId,
        address indexed candidate,
        address indexed payer,
        address instanceId,
        uint256 deposit,
        uint256 endsAt
    );
    event Voted(uint256 indexed applicationId, uint256 indexed tokenId, bool support);
    event Admitted(uint256 indexed applicationId, uint256 indexed tokenId);
    event Rejected(uint256 indexed applicationId);
    event Withdrawn(uint256 indexed applicationId);

    uint256 public constant WHOLE = 10_000;
    uint256 public constant LEAST_PERIOD = 1 minutes;
    uint256 public constant MOST_PERIOD = 365 days;

    IBallotCluster public immutable cluster;
    /// @notice Hundredths of a percent of the electorate that must vote.
    uint256 public immutable quorum;
    /// @notice Seconds of a vote.
    uint256 public immutable votingPeriod;

    /// @notice Id of the newest application; they count from 1.
    uint256 public lastApplicationId;
    /// @notice Whether a token has voted on an application.
    mapping(uint256 applicationId => mapping(uint256 tokenId => bool)) public hasVoted;

    mapping(uint256 applicationId => Application) private _applications;

    constructor(IBallotCluster cluster_, uint256 quorum_, uint256 votingPeriod_) {
        if (quorum_ == 0 || quorum_ > WHOLE) revert BallotBadQuorum(quorum_, WHOLE);
        if (votingPeriod_ < LEAST_PERIOD || votingPeriod_ > MOST_PERIOD) {
            revert BallotBadPeriod(votingPeriod_, LEAST_PERIOD, MOST_PERIOD);
        }
        cluster = cluster_;
        quorum = quorum_;
        votingPeriod = votingPeriod_;
    }

    /// @notice Ask the members for a seat. What is paid beyond the price is owed to the payer.
    /// @param candidate Who shall hold the token
    /// @param instanceId The node's instance id in hex, with or without 0x; empty to say it later
    function applyForNode(address candidate, string calldata instanceId)
        external
        payable
        returns (uint256 applicationId)
    {
        if (candidate == address(0)) revert BallotNoCandidate();
        uint96 price = cluster.mintPrice();
        if (msg.value < price) revert BallotTooLittle(msg.value, price);
        applicationId = ++lastApplicationId;
        Application storage application = _applications[applicationId];
        application.candidate = candidate;
        application.endsAt = (block.timestamp + votingPeriod).toUint40();
        application.electorate = cluster.totalSupply();
        application.lastVoter = cluster.lastTokenId();
        application.payer = msg.sender;
        application.instanceId = _parse(instanceId);
        application.deposit = price;
        emit Applied(
            applicationId, candidate, msg.sender, application.instanceId, price, application.endsAt
        );
        _credit(msg.sender, msg.value - price);
    }

    /// @notice Vote with a token. A vote is final, and is the token's: who buys it has no second.
    function vote(uint256 applicationId, uint256 tokenId, bool support) external {
        Application storage application = _require(applicationId);
        if (block.timestamp > application.endsAt) {
            revert BallotOver(applicationId, application.endsAt);
        }
        if (cluster.ownerOf(tokenId) != msg.sender) revert BallotNotHolder(msg.sender, tokenId);
        if (tokenId > application.lastVoter) {
            revert BallotTokenTooNew(tokenId, application.lastVoter);
        }
        if (hasVoted[applicationId][tokenId]) revert BallotVotedAlready(applicationId, tokenId);
        hasVoted[applicationId][tokenId] = true;
        if (support) application.votesFor++;
        else application.votesAgainst++;
        emit Voted(applicationId, tokenId, support);
    }

    /// @notice Admit the applicant, or give the deposit back, as the vote went. Anybody may, once it
    /// is over. While the cluster is full or paused an admission waits, or its payer withdraws it.
    function settle(uint256 applicationId) external {
        Application memory application = _require(applicationId);
        if (block.timestamp <= application.endsAt) {
            revert BallotNotOver(applicationId, application.endsAt);
        }
        delete _applications[applicationId];
        if (!_isWon(application)) {
            _credit(application.payer, application.deposit);
            emit Rejected(applicationId);
            return;
        }
        uint256 tokenId = cluster.admitByVote{value: application.deposit}(
            application.candidate, application.instanceId
        );
        emit Admitted(applicationId, tokenId);
    }

    /// @notice Take an application back. Only its payer may.
    function withdrawApplication(uint256 applicationId) external {
        Application memory application = _require(applicationId);
        if (msg.sender != application.payer) {
            revert BallotNotPayer(msg.sender, application.payer);
        }
        delete _applications[applicationId];
        _credit(application.payer, application.deposit);
        emit Withdrawn(applicationId);
    }

    /// @notice Take all that is owed to the caller.
    function refund(address payable to) external {
        _payCaller(to);
    }

    /// @notice An application that is not settled; all zero for another.
    function applications(uint256 applicationId) external view returns (Application memory) {
        return _applications[applicationId];
    }

    function _require(uint256 applicationId) private view returns (Application storage found) {
        found = _applications[applicationId];
        if (found.candidate == address(0)) revert BallotNoApplication(applicationId);
    }

    function _isWon(Application memory application) private view returns (bool) {
        uint256 votes = uint256(application.votesFor) + application.votesAgainst;
        return votes * WHOLE >= quorum * application.electorate
            && application.votesFor > application.votesAgainst;
    }

    function _parse(string calldata instanceId) private pure returns (address instance) {
        if (bytes(instanceId).length == 0) return address(0);
        bool ok;
        (ok, instance) = Strings.tryParseAddress(instanceId);
        if (!ok) revert BallotBadInstanceId(instanceId);
    }
}
