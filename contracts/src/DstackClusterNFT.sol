// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {TimelockAppAuth} from "./TimelockAppAuth.sol";
import {ClusterBallot} from "./cluster/ClusterBallot.sol";
import {ClusterMembers} from "./cluster/ClusterMembers.sol";
import {ClusterPeers} from "./cluster/ClusterPeers.sol";
import {ClusterRules, IRulesCluster} from "./cluster/ClusterRules.sol";
import {IAppAuth} from "./interfaces/IAppAuth.sol";

/// @title A cluster of dstack nodes: who may join, who is there, what code they run
/// @notice The address of this contract is the cluster's name and, unless the cluster is federated,
/// its app id: the KMS asks it which code may have the keys (TimelockAppAuth, all behind notice),
/// the chain knows who has a seat (ClusterMembers), and nodes find one another by the list of peers
/// (ClusterPeers).
///
/// What the owner can do at once: give seats where that door exists, set price, size and network
/// mode, and revoke a node, which is in the log with a reason. What nobody can change: the KMS root,
/// the app ids, the doors, quorum and period of the vote, lease and refund window. The rules begin
/// with the same owner, and from then on have one of their own: the two are handed over apart.
///
/// A federated cluster lists other apps at deployment. Each of them has a contract of its own that
/// the KMS asks; this one then allows no boot.
/// @dev The rules live at an address of their own, which is in the code of this contract (`rules`).
/// Their storage, for proofs, is there; `peersDigest` is here.
contract DstackClusterNFT is ClusterPeers {
    /// @param name Name of the token
    /// @param symbol Symbol of the token
    /// @param owner Who administers
    /// @param guardian Who can pause, and nothing else
    /// @param auth Rules for code, see TimelockAppAuth
    /// @param member Doors and seats, see ClusterMembers
    /// @param peer Apps and leases, see ClusterPeers
    /// @param bootNeedsSeat Does the KMS release keys only to instances that a token names?
    /// @param ballot Where members vote, deployed before for the address that this contract will
    /// have; zero: there is no vote
    /// @param founders Holders of the first seats
    struct Setup {
        string name;
        string symbol;
        address owner;
        address guardian;
        TimelockAppAuth.Config auth;
        ClusterMembers.MemberConfig member;
        ClusterPeers.PeerConfig peer;
        bool bootNeedsSeat;
        ClusterBallot ballot;
        address[] founders;
    }

    /// @notice The ballot is that of another cluster.
    error ClusterOtherBallot(address cluster);

    /// @notice Where members vote on applicants; zero if they do not. Fixed.
    ClusterBallot public immutable ballot;

    constructor(Setup memory setup)
        ERC721(setup.name, setup.symbol)
        Ownable(setup.owner)
        ClusterMembers(
            setup.member,
            new ClusterRules(
                setup.owner,
                setup.guardian,
                setup.auth,
                IRulesCluster(address(this)),
                setup.bootNeedsSeat
            )
        )
        ClusterPeers(setup.peer)
    {
        if (address(setup.ballot) != address(0) && address(setup.ballot.cluster()) != address(this))
        {
            revert ClusterOtherBallot(address(setup.ballot.cluster()));
        }
        ballot = setup.ballot;
        for (uint256 i = 0; i < setup.founders.length; i++) {
            _admit(setup.founders[i], address(0), 0);
        }
    }

    /// @notice What this contract does not know itself it asks its rules: every view of
    /// TimelockAppAuth can be read at the app's own address. A call that would change something
    /// fails here; it goes to `rules`.
    fallback(bytes calldata input) external returns (bytes memory) {
        return _askRules(input);
    }

    /// @inheritdoc IAppAuth
    function isAppAllowed(AppBootInfo calldata) external view returns (bool, string memory) {
        return abi.decode(_askRules(msg.data), (bool, string));
    }

    /// @notice Admit whom the members have voted for. Only the ballot may.
    function admitByVote(address to, address instanceId)
        external
        payable
        returns (uint256 tokenId)
    {
        if (msg.sender != address(ballot)) {
            revert ClusterClosed(msg.sender);
        }
        return _admit(to, instanceId, msg.value);
    }

    /// @notice Whether there is no app of the cluster's own.
    function isFederated() public view returns (bool) {
        return !isAppId[address(this)];
    }

    function _askRules(bytes calldata input) private view returns (bytes memory) {
        return Address.functionStaticCall(address(rules), input);
    }
}
