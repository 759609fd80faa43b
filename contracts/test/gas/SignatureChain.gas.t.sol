// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../../src/SignatureChain.sol";
import {ChainFixture} from "../ChainFixture.sol";
import {SignatureChainHarness} from "../SignatureChainHarness.sol";

contract SignatureChainGas is ChainFixture {
    uint256 private constant LIMIT = 60_000;

    SignatureChainHarness private chain;
    uint256 private rootKey = makeKey("root");
    address private appId = makeAddr("app id");

    function setUp() public {
        chain = new SignatureChainHarness();
    }

    function measured() private returns (uint256 used, uint256 callData) {
        SignatureChain.Proof memory proof =
            makeProof(rootKey, appId, makeKey("app"), makeKey("derived"), "ethereum");
        chain.verify(proof, vm.addr(rootKey), appId);
        used = vm.lastCallGas().gasTotalUsed;
        callData = abi.encodeCall(chain.verify, (proof, vm.addr(rootKey), appId)).length;
    }

    function test_aFullChainCostsAtMost60000Gas() public {
        (uint256 used,) = measured();
        assertLe(used, LIMIT, "gas of a call with a full chain");
    }

    /// @dev With what every transaction pays, and each byte of calldata at the price of the dearest.
    function test_aTransactionWithAFullChainCostsAtMost60000Gas() public {
        (uint256 used, uint256 callData) = measured();
        assertLe(21_000 + 16 * callData + used, LIMIT, "gas of a transaction with a full chain");
    }

    function test_anAddressOfACompressedKey() public {
        chain.addressOf(compressedKey(rootKey));
    }

    function test_aRecovery() public view {
        chain.recover(0, signBare(rootKey, 0));
    }
}
