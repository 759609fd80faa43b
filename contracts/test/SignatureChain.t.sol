// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../src/SignatureChain.sol";
import {ChainFixture} from "./ChainFixture.sol";

/// @dev A library's internal functions, callable from outside, so that a revert can be expected.
contract SignatureChainHarness {
    function verify(SignatureChain.Proof memory proof, address kmsRoot, address appId)
        external
        view
        returns (address)
    {
        return SignatureChain.verify(proof, kmsRoot, appId);
    }
}

contract SignatureChainTest is ChainFixture {
    function test_aChainThatHoldsGivesTheDerivedAddress() public {
        uint256 root = makeKey("root");
        address app = makeAddr("app id");
        SignatureChain.Proof memory p =
            makeProof(root, app, makeKey("app"), makeKey("derived"), "ethereum");
        address derived = new SignatureChainHarness().verify(p, vm.addr(root), app);
        assertEq(derived, makeAddr("derived"));
    }
}
