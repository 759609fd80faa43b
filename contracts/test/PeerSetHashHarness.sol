// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {PeerSetHash} from "../src/cluster/PeerSetHash.sol";

/// @dev The library's internal functions on a sum of its own.
contract PeerSetHashHarness {
    using PeerSetHash for PeerSetHash.Sum;

    PeerSetHash.Sum public sum;

    function add(bytes32 member) external {
        sum.add(member);
    }

    function remove(bytes32 member) external {
        sum.remove(member);
    }

    function digest(uint256 count) external view returns (bytes32) {
        return sum.digest(count);
    }

    function pointOf(bytes32 member) external view returns (uint256, uint256) {
        return PeerSetHash.pointOf(member);
    }

    function plus(uint256 x1, uint256 y1, uint256 x2, uint256 y2)
        external
        view
        returns (uint256, uint256)
    {
        return PeerSetHash.plus(x1, y1, x2, y2);
    }
}
