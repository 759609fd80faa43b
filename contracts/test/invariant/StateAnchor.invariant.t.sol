// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../../src/SignatureChain.sol";
import {StateAnchor} from "../../src/StateAnchor.sol";
import {AnchorFixture} from "../AnchorFixture.sol";
import {ChainFixture} from "../ChainFixture.sol";

/// @title An operator who sends anchors in any order, old ones and forks among them
contract StateAnchorHandler is ChainFixture {
    StateAnchor public immutable anchors;
    address public immutable appId;
    uint256 private immutable _anchorKey;

    SignatureChain.Proof private _proof;
    StateAnchor.Anchor[] private _made;
    bytes[] private _signatures;
    uint64 public version;
    bytes32 public root;
    uint256 public backwards;
    uint256 public taken;

    constructor(
        StateAnchor anchors_,
        address appId_,
        uint256 anchorKey,
        SignatureChain.Proof memory proof
    ) {
        anchors = anchors_;
        appId = appId_;
        _anchorKey = anchorKey;
        _proof = proof;
    }

    /// @dev The app, or a copy of it, signs what follows the head, or a root of long ago.
    function make(uint64 step, bytes32 newRoot, uint256 after_) external {
        StateAnchor.Anchor memory a;
        a.appId = appId;
        a.version = uint64(bound(step, 0, version + 3));
        a.root = newRoot;
        a.previousRoot = root;
        if (_made.length > 0 && after_ % 4 == 0) {
            a.previousRoot = _made[after_ % _made.length].root;
        }
        _made.push(a);
        _signatures.push(signBare(_anchorKey, anchors.anchorDigest(a)));
    }

    function send(uint256 index) external {
        if (_made.length == 0) return;
        index %= _made.length;
        StateAnchor.Anchor memory a = _made[index];
        try anchors.anchor(a, _signatures[index], _proof) {
            if (a.version <= version || a.previousRoot != root) backwards++;
            version = a.version;
            root = a.root;
            taken++;
        } catch {}
    }

    function sendNewest() external {
        if (_made.length > 0) this.send(_made.length - 1);
    }
}

contract StateAnchorInvariant is AnchorFixture {
    StateAnchorHandler private handler;

    function setUp() public override {
        super.setUp();
        handler = new StateAnchorHandler(anchors, appId, anchorKey, makeProof());
        targetContract(address(handler));
    }

    function invariant_theHeadNeverGoesBack() public view {
        assertEq(handler.backwards(), 0);
        assertEq(anchors.head(appId).version, handler.version());
        assertEq(anchors.head(appId).root, handler.root());
    }

    function invariant_theDigestIsThatOfTheHead() public view {
        StateAnchor.Head memory head = anchors.head(appId);
        bytes32 want =
            head.version == 0 ? bytes32(0) : keccak256(abi.encode(head.version, head.root));
        assertEq(anchors.headDigest(appId), want);
    }
}
