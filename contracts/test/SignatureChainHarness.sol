// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../src/SignatureChain.sol";

/// @dev A library's internal functions, callable from outside, so that a revert can be expected.
contract SignatureChainHarness {
    function verify(SignatureChain.Proof calldata proof, address kmsRoot, address appId)
        external
        view
        returns (address)
    {
        return SignatureChain.verify(proof, kmsRoot, appId);
    }

    function addressOf(bytes calldata key) external view returns (address) {
        return SignatureChain.addressOf(key);
    }

    function recover(bytes32 digest, bytes calldata signature) external pure returns (address) {
        return SignatureChain.recover(digest, signature);
    }

    function appDigest(string calldata purpose, bytes calldata key)
        external
        pure
        returns (bytes32)
    {
        return SignatureChain.appDigest(purpose, key);
    }
}
