// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TimelockAppAuth} from "../TimelockAppAuth.sol";

/// @title What the rules need of the cluster
interface IRulesCluster {
    function isAppId(address appId) external view returns (bool);
    function seatsOf(address instanceId) external view returns (uint256);
}

/// @title The rules for code of a cluster: those of TimelockAppAuth, and a seat
/// @notice The app is the cluster, whose address the KMS knows; it asks this contract. It is a
/// contract of its own because the two together exceed the size that a chain takes.
contract ClusterRules is TimelockAppAuth {
    /// @notice The cluster whose rules these are. Fixed.
    IRulesCluster public immutable cluster;
    /// @notice Whether keys go only to instances that a token names. Fixed.
    bool public immutable bootNeedsSeat;

    /// @param owner_ Who administers the rules
    /// @param guardian_ Who can pause, and nothing else
    /// @param config Notice and first values
    constructor(
        address owner_,
        address guardian_,
        Config memory config,
        IRulesCluster cluster_,
        bool bootNeedsSeat_
    ) TimelockAppAuth(owner_, guardian_, config) {
        cluster = cluster_;
        bootNeedsSeat = bootNeedsSeat_;
    }

    function _appId() internal view override returns (address) {
        return address(cluster);
    }

    function _refusal(AppBootInfo calldata bootInfo)
        internal
        view
        override
        returns (string memory)
    {
        if (!cluster.isAppId(address(cluster))) {
            return "the cluster's apps have rules of their own";
        }
        if (bootNeedsSeat && cluster.seatsOf(bootInfo.instanceId) == 0) {
            return "no token names this instance";
        }
        return super._refusal(bootInfo);
    }
}
