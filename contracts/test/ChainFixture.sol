// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../src/SignatureChain.sol";
import {Test} from "./Test.sol";
import {Vm} from "./Vm.sol";

/// @title Chains made from private keys, as a KMS and an app make them
abstract contract ChainFixture is Test {
    function compressedKey(uint256 privateKey) internal returns (bytes memory) {
        Vm.Wallet memory wallet = vm.createWallet(privateKey);
        return abi.encodePacked(uint8(2 + (wallet.publicKeyY & 1)), wallet.publicKeyX);
    }

    /// @dev r, s, v with v 0 or 1, as dstack sends it.
    function signBare(uint256 privateKey, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(privateKey, digest);
        return abi.encodePacked(r, s, v - 27);
    }

    function makeProof(
        uint256 rootKey,
        address appId,
        uint256 appKey,
        uint256 derivedKey,
        string memory purpose
    ) internal returns (SignatureChain.Proof memory proof) {
        proof.appPubKey = compressedKey(appKey);
        proof.derivedPubKey = compressedKey(derivedKey);
        proof.purpose = purpose;
        proof.appSignature =
            signBare(appKey, SignatureChain.appDigest(purpose, proof.derivedPubKey));
        proof.kmsSignature = signBare(rootKey, SignatureChain.kmsDigest(appId, proof.appPubKey));
    }
}
