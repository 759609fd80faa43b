// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../src/SignatureChain.sol";
import {TeeOracle} from "../src/TeeOracle.sol";
import {ChainFixture} from "./ChainFixture.sol";

/// @title An oracle, its app's keys, and answers that hold
abstract contract OracleFixture is ChainFixture {
    uint256 internal constant MAX_AGE = 10 minutes;
    uint256 internal constant LIFETIME = 1 hours;
    uint256 internal constant REWARD = 1 ether;
    bytes32 internal constant FEED = keccak256("BTC-USD");
    bytes32 internal constant SOURCES = keccak256("three exchanges");

    uint256 internal rootKey = makeKey("kms root");
    uint256 internal appKey = makeKey("app");
    uint256 internal oracleKey = makeKey("oracle");
    address internal appId = makeAddr("app id");
    address internal requester = makeAddr("requester");
    address internal node = makeAddr("node");
    address internal stranger = makeAddr("stranger");

    TeeOracle internal oracle;

    function prepare() internal {
        vm.warp(1_800_000_000);
        oracle = new TeeOracle(vm.addr(rootKey), appId, MAX_AGE);
        vm.deal(requester, 100 ether);
    }

    function ask() internal returns (uint256) {
        return ask(FEED, SOURCES);
    }

    function ask(bytes32 feed, bytes32 sources) internal returns (uint256) {
        vm.prank(requester);
        return oracle.request{value: REWARD}(feed, sources, LIFETIME);
    }

    /// @dev An answer to a request, observed now.
    function answerTo(uint256 requestId) internal view returns (TeeOracle.Answer memory) {
        return TeeOracle.Answer({
            requestId: requestId,
            feed: FEED,
            sourcesHash: SOURCES,
            price: 97_234_56,
            decimals: 2,
            observedAt: uint64(block.timestamp),
            deadline: uint64(block.timestamp + 5 minutes),
            payee: node
        });
    }

    function chain() internal returns (SignatureChain.Proof memory) {
        return makeProof(rootKey, appId, appKey, oracleKey, "oracle");
    }

    function sign(TeeOracle.Answer memory answer) internal view returns (bytes memory) {
        return signBare(oracleKey, oracle.answerDigest(answer));
    }

    function deliver(TeeOracle.Answer memory answer) internal {
        oracle.fulfill(answer, sign(answer), chain());
    }

    /// @dev Deliver what must be refused with an error. All is made ready first, as the expectation
    /// is for the very next call.
    function refuse(TeeOracle.Answer memory answer, bytes memory why) internal {
        bytes memory signature = sign(answer);
        SignatureChain.Proof memory proof = chain();
        vm.expectRevert(why);
        oracle.fulfill(answer, signature, proof);
    }
}
