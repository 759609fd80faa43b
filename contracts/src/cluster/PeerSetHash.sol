// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title A digest of a set that is brought up to date at the same cost whatever the set's size
/// @notice Each member becomes a point of secp256k1 and the set is the sum of its points, so members
/// are added and taken away in any order. Two sets with one sum would be a relation between points
/// of unknown discrete logarithms: as hard to find as a private key. Sums or XORs of plain hashes
/// are not like that; there a false set of some hundred members can be computed.
/// @dev A hash over the list would have to read all of it at each change, a Merkle tree one path.
///
/// The point of a member (32 bytes): for n = 0, 1, 2 ... let x = keccak256(member || byte n), a
/// number big-endian. The first x that is below the field's prime and has a point gives it, with the
/// even y: what a parser of compressed keys makes of 0x02 || x. Half of all x have one.
library PeerSetHash {
    /// @dev The point at infinity, the sum of no points, is (0, 0), which is not on the curve.
    struct Sum {
        uint256 x;
        uint256 y;
    }

    uint256 private constant P = 2 ** 256 - 2 ** 32 - 977;

    function add(Sum storage sum, bytes32 member) internal {
        (uint256 x, uint256 y) = pointOf(member);
        (sum.x, sum.y) = plus(sum.x, sum.y, x, y);
    }

    /// @dev Taking away is adding the point mirrored at the x axis.
    function remove(Sum storage sum, bytes32 member) internal {
        (uint256 x, uint256 y) = pointOf(member);
        (sum.x, sum.y) = plus(sum.x, sum.y, x, P - y);
    }

    /// @notice keccak256 of three words: how many members, x and y of their sum.
    function digest(Sum storage sum, uint256 count) internal view returns (bytes32) {
        return keccak256(abi.encode(count, sum.x, sum.y));
    }

    /// @dev Who chooses a member can search one that takes more rounds, at twice the work a round.
    function pointOf(bytes32 member) internal view returns (uint256 x, uint256 y) {
        for (uint8 n = 0;; n++) {
            x = uint256(keccak256(abi.encodePacked(member, n)));
            uint256 square = addmod(mulmod(mulmod(x, x, P), x, P), 7, P);
            y = Math.modExp(square, (P + 1) / 4, P);
            if (x < P && mulmod(y, y, P) == square) break;
        }
        if (y & 1 == 1) y = P - y;
    }

    /// @dev The sum of two points; the second is not the one at infinity.
    function plus(uint256 x1, uint256 y1, uint256 x2, uint256 y2)
        internal
        view
        returns (uint256 x, uint256 y)
    {
        if (x1 == 0 && y1 == 0) return (x2, y2);
        uint256 slope;
        if (x1 != x2) {
            slope = mulmod(_minus(y2, y1), _inverse(_minus(x2, x1)), P);
        } else if (y1 == y2) {
            slope = mulmod(mulmod(3, mulmod(x1, x1, P), P), _inverse(mulmod(2, y1, P)), P);
        } else {
            return (0, 0);
        }
        x = _minus(_minus(mulmod(slope, slope, P), x1), x2);
        y = _minus(mulmod(slope, _minus(x1, x), P), y1);
    }

    function _minus(uint256 a, uint256 b) private pure returns (uint256) {
        return addmod(a, P - b, P);
    }

    /// @dev By Fermat: a^(P - 2) is 1 / a.
    function _inverse(uint256 a) private view returns (uint256) {
        return Math.modExp(a, P - 2, P);
    }
}
