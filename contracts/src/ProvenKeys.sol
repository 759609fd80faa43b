// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "./SignatureChain.sol";

/// @title Keys that a signature chain has proven, remembered
/// @notice The KMS root is fixed for the life of the contract, and a chain does not expire. So a key
/// is proven once; what it signs later costs one signature check.
/// @dev The chain covers a purpose, not a path. An app that signs typed data for its users, under
/// another purpose, must not be able to speak here through one of their keys: hence the purpose is
/// part of what is proven. It is for the app never to ask for a user's key under this purpose.
abstract contract ProvenKeys {
    /// @notice An address that must be somebody's is zero.
    error ProvenKeysZeroAddress();
    /// @notice The chain is for a key of another purpose.
    error ProvenKeysWrongPurpose(string purpose);
    /// @notice `signer` signed, but the chain proves `proven`.
    error ProvenKeysOtherSigner(address signer, address proven);

    /// @notice `key` belongs to `appId` and may speak for it from now on.
    event KeyProven(address indexed appId, address indexed key);

    /// @notice Address of the KMS root key, fixed for the life of the contract.
    address public immutable kmsRoot;

    /// @dev Hash of the only purpose that is taken.
    bytes32 private immutable _purposeHash;

    /// @notice Whether a chain has shown that a key belongs to an app.
    mapping(address appId => mapping(address key => bool)) public isProven;

    constructor(address kmsRoot_, string memory purpose_) {
        if (kmsRoot_ == address(0)) revert ProvenKeysZeroAddress();
        kmsRoot = kmsRoot_;
        _purposeHash = keccak256(bytes(purpose_));
    }

    /// @dev Reverts unless the signer is proven, be it now or before. A proof is looked at only if
    /// it is needed; an empty one will do for a key that is known.
    function _prove(address signer, address appId, SignatureChain.Proof calldata proof) internal {
        if (isProven[appId][signer]) return;
        _checkProof(signer, appId, proof);
        isProven[appId][signer] = true;
        emit KeyProven(appId, signer);
    }

    /// @dev The same for a view, which cannot remember.
    function _checkProof(address signer, address appId, SignatureChain.Proof calldata proof)
        internal
        view
    {
        if (keccak256(bytes(proof.purpose)) != _purposeHash) {
            revert ProvenKeysWrongPurpose(proof.purpose);
        }
        address proven = SignatureChain.verify(proof, kmsRoot, appId);
        if (proven != signer) revert ProvenKeysOtherSigner(signer, proven);
    }
}
