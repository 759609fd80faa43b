// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ProvenKeys} from "./ProvenKeys.sol";
import {SignatureChain} from "./SignatureChain.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title The newest state of each app, which only goes forward
/// @notice An app that keeps its state on a disk that others can restore anchors each state here. At
/// its next start it compares, and a disk from the past is found out. Its own key signs; anyone may
/// send that, and pay.
///
/// A signature names the root that it follows. So a copy of the app that went on from an older state
/// cannot anchor it, even with a higher version: two histories cannot both be true.
/// @dev One storage proof reads a head: slot 3 holds, at keccak256(appId . 3), the digest
/// keccak256(abi.encode(version, root)); zero if the app has none. Who reports version and root need
/// not be trusted then.
contract StateAnchor is EIP712, ProvenKeys {
    /// @param appId The app whose state it is
    /// @param version Number of the state, higher than that of the head
    /// @param root Commits to the state; not zero
    /// @param previousRoot The root of the head that it follows; zero if there is none
    struct Anchor {
        address appId;
        uint64 version;
        bytes32 root;
        bytes32 previousRoot;
    }

    /// @param version Number of the state; 0 if the app has none
    /// @param anchoredAt Time of the block, in Unix seconds
    /// @param root Commits to the state
    struct Head {
        uint64 version;
        uint64 anchoredAt;
        bytes32 root;
    }

    /// @notice Zero commits to no state.
    error StateAnchorZeroRoot(address appId);
    /// @notice The head has this version already, or a higher one.
    error StateAnchorNotForward(uint64 version, uint64 headVersion);
    /// @notice The state follows another than the head.
    error StateAnchorNotNext(bytes32 previousRoot, bytes32 headRoot);

    /// @notice An app has a new head.
    event Anchored(
        address indexed appId,
        uint64 indexed version,
        bytes32 root,
        bytes32 previousRoot,
        address key
    );

    /// @notice What is signed. A wallet's key signs whatever its user asks for, but under purpose
    /// "ethereum": that is why PURPOSE is another.
    bytes32 public constant ANCHOR_TYPEHASH =
        keccak256("Anchor(address appId,uint64 version,bytes32 root,bytes32 previousRoot)");
    /// @notice The purpose with which the app must have asked dstack for its key.
    string public constant PURPOSE = "state-anchor";

    /// @notice Slot 3: what a storage proof reads.
    mapping(address appId => bytes32 digest) public headDigest;
    mapping(address appId => Head) private _heads;

    /// @param kmsRoot_ Address of the KMS root key
    constructor(address kmsRoot_)
        EIP712("devproof StateAnchor", "1")
        ProvenKeys(kmsRoot_, PURPOSE)
    {}

    /// @notice Move an app's head forward. Anyone may send it: the signature is the authority.
    /// @param next The new head
    /// @param signature Of `anchorDigest(next)` by the derived key: r, s, v, 65 bytes
    /// @param proof Chain of the key that signed; may be empty once `isProven`
    function anchor(
        Anchor calldata next,
        bytes calldata signature,
        SignatureChain.Proof calldata proof
    ) external {
        Head storage current = _heads[next.appId];
        if (next.root == 0) revert StateAnchorZeroRoot(next.appId);
        if (next.version <= current.version) {
            revert StateAnchorNotForward(next.version, current.version);
        }
        if (next.previousRoot != current.root) {
            revert StateAnchorNotNext(next.previousRoot, current.root);
        }
        address key = SignatureChain.recover(anchorDigest(next), signature);
        _prove(key, next.appId, proof);
        headDigest[next.appId] = keccak256(abi.encode(next.version, next.root));
        _heads[next.appId] = Head(next.version, uint64(block.timestamp), next.root);
        emit Anchored(next.appId, next.version, next.root, next.previousRoot, key);
    }

    /// @notice The newest state of an app; all zero if it has none.
    function head(address appId) external view returns (Head memory) {
        return _heads[appId];
    }

    /// @notice What the app's key signs: EIP-712, so neither chain nor contract can be swapped.
    function anchorDigest(Anchor calldata next) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(ANCHOR_TYPEHASH, next.appId, next.version, next.root, next.previousRoot)
            )
        );
    }
}
