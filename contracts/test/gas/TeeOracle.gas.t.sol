// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../../src/SignatureChain.sol";
import {TeeOracle} from "../../src/TeeOracle.sol";
import {OracleFixture} from "../OracleFixture.sol";

/// @dev What is measured is ready before a test begins, so that no slot is warm by then.
contract TeeOracleGas is OracleFixture {
    TeeOracle private _fresh;
    bytes private _first;
    bytes private _later;

    function setUp() public {
        prepare();
        _fresh = oracle;
        TeeOracle.Answer memory answer = answerTo(ask());
        _first = abi.encodeCall(oracle.fulfill, (answer, sign(answer), chain()));

        oracle = new TeeOracle(vm.addr(rootKey), appId, MAX_AGE);
        deliver(answerTo(ask()));
        vm.warp(block.timestamp + 1);
        answer = answerTo(ask());
        SignatureChain.Proof memory none;
        _later = abi.encodeCall(oracle.fulfill, (answer, sign(answer), none));
    }

    function send(TeeOracle to, bytes memory data) private {
        (bool ok,) = address(to).call(data);
        assertTrue(ok);
    }

    function test_aRequest() public {
        ask();
    }

    function test_anAnswerWithItsChain() public {
        send(_fresh, _first);
    }

    function test_anAnswerOfAKnownKey() public {
        send(oracle, _later);
    }
}
