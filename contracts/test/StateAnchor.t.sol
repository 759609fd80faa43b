// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ProvenKeys} from "../src/ProvenKeys.sol";
import {SignatureChain} from "../src/SignatureChain.sol";
import {StateAnchor} from "../src/StateAnchor.sol";
import {AnchorFixture} from "./AnchorFixture.sol";

contract StateAnchorTest is AnchorFixture {
    function assertHead(uint64 version, bytes32 root, uint256 time) private view {
        StateAnchor.Head memory head = anchors.head(appId);
        assertEq(head.version, version);
        assertEq(head.root, root);
        assertEq(head.anchoredAt, time);
    }

    function test_anAppHasNoHeadAtFirst() public view {
        assertHead(0, 0, 0);
        assertEq(anchors.headDigest(appId), 0);
        assertEq(anchors.kmsRoot(), vm.addr(rootKey));
        assertEq(anchors.PURPOSE(), "state-anchor");
    }

    function test_aContractWithoutARootIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(ProvenKeys.ProvenKeysZeroAddress.selector));
        new StateAnchor(address(0));
    }

    function test_anAnchorMovesTheHead() public {
        anchor(1, "one");
        assertHead(1, keccak256("one"), START);
        vm.warp(START + 5);
        // Versions may be left out: an app may change faster than it anchors.
        anchor(7, "seven");
        assertHead(7, keccak256("seven"), START + 5);
    }

    function testFuzz_anyHigherVersionIsTaken(uint64 first, uint64 second, bytes32 root) public {
        first = uint64(bound(first, 1, type(uint64).max - 1));
        second = uint64(bound(second, first + 1, type(uint64).max));
        if (root == 0) root = bytes32(uint256(1));
        anchor(first, "first");
        StateAnchor.Anchor memory a = next(second, "");
        a.root = root;
        anchors.anchor(a, signed(a), makeProof());
        assertHead(second, root, START);
    }

    function test_anyoneMaySend() public {
        StateAnchor.Anchor memory a = next(1, "one");
        SignatureChain.Proof memory proof = makeProof();
        bytes memory signature = signed(a);
        vm.prank(makeAddr("stranger"));
        anchors.anchor(a, signature, proof);
        assertHead(1, keccak256("one"), START);
    }

    function test_aChainIsNeededOnce() public {
        SignatureChain.Proof memory none;
        StateAnchor.Anchor memory a = next(1, "one");
        bytes memory signature = signed(a);
        vm.expectRevert(abi.encodeWithSelector(ProvenKeys.ProvenKeysWrongPurpose.selector, ""));
        anchors.anchor(a, signature, none);
        anchors.anchor(a, signature, makeProof());
        a = next(2, "two");
        anchors.anchor(a, signed(a), none);
        assertHead(2, keccak256("two"), START);
    }

    function test_anAnchorHasItsEvent() public {
        anchor(1, "one");
        StateAnchor.Anchor memory a = next(2, "two");
        SignatureChain.Proof memory proof = makeProof();
        bytes memory signature = signed(a);
        vm.expectEmit(address(anchors));
        emit StateAnchor.Anchored(appId, 2, a.root, keccak256("one"), vm.addr(anchorKey));
        anchors.anchor(a, signature, proof);
    }

    function expectRefused(StateAnchor.Anchor memory a, bytes memory refusal) private {
        SignatureChain.Proof memory proof = makeProof();
        bytes memory signature = signed(a);
        vm.expectRevert(refusal);
        anchors.anchor(a, signature, proof);
    }

    function testFuzz_aVersionThatIsNotHigherIsRefused(uint64 version) public {
        anchor(10, "ten");
        version = uint64(bound(version, 0, 10));
        expectRefused(
            next(version, "other"),
            abi.encodeWithSelector(StateAnchor.StateAnchorNotForward.selector, version, uint64(10))
        );
    }

    function test_versionZeroIsRefused() public {
        expectRefused(
            next(0, "zero"),
            abi.encodeWithSelector(StateAnchor.StateAnchorNotForward.selector, uint64(0), uint64(0))
        );
    }

    function testFuzz_aStateThatFollowsAnotherIsRefused(bytes32 previous) public {
        anchor(1, "one");
        vm.assume(previous != keccak256("one"));
        StateAnchor.Anchor memory a = next(2, "two");
        a.previousRoot = previous;
        expectRefused(
            a,
            abi.encodeWithSelector(
                StateAnchor.StateAnchorNotNext.selector, previous, keccak256("one")
            )
        );
    }

    function test_aRootOfZeroIsRefused() public {
        StateAnchor.Anchor memory a = next(1, "");
        a.root = 0;
        expectRefused(a, abi.encodeWithSelector(StateAnchor.StateAnchorZeroRoot.selector, appId));
    }

    function test_aKeyForAnotherUseIsRefused() public {
        StateAnchor.Anchor memory a = next(1, "one");
        SignatureChain.Proof memory proof = makeProof(rootKey, appId, appKey, anchorKey, "ethereum");
        bytes memory signature = signed(a);
        vm.expectRevert(
            abi.encodeWithSelector(ProvenKeys.ProvenKeysWrongPurpose.selector, "ethereum")
        );
        anchors.anchor(a, signature, proof);
    }

    function test_aSignatureOfAnotherKeyIsRefused() public {
        StateAnchor.Anchor memory a = next(1, "one");
        SignatureChain.Proof memory proof = makeProof();
        bytes memory signature = signBare(makeKey("other"), anchors.anchorDigest(a));
        vm.expectRevert(
            abi.encodeWithSelector(
                ProvenKeys.ProvenKeysOtherSigner.selector, makeAddr("other"), vm.addr(anchorKey)
            )
        );
        anchors.anchor(a, signature, proof);
    }

    function test_aBrokenChainIsRefused() public {
        StateAnchor.Anchor memory a = next(1, "one");
        SignatureChain.Proof memory proof = makeProof();
        proof.kmsSignature = signBare(makeKey("other"), 0);
        bytes memory signature = signed(a);
        vm.expectPartialRevert(SignatureChain.SignatureChainNotFromRoot.selector);
        anchors.anchor(a, signature, proof);
    }

    function testFuzz_noiseIsRefused(
        StateAnchor.Anchor memory a,
        SignatureChain.Proof memory proof,
        bytes memory signature
    ) public {
        vm.expectRevert();
        anchors.anchor(a, signature, proof);
        proof.purpose = "state-anchor";
        vm.expectRevert();
        anchors.anchor(a, signature, proof);
    }

    function test_appsHaveHeadsOfTheirOwn() public {
        anchor(5, "five");
        address other = makeAddr("other app");
        StateAnchor.Anchor memory a =
            StateAnchor.Anchor({appId: other, version: 1, root: keccak256("x"), previousRoot: 0});
        SignatureChain.Proof memory proof =
            makeProof(rootKey, other, makeKey("other app key"), anchorKey, "state-anchor");
        anchors.anchor(a, signed(a), proof);
        assertEq(anchors.head(other).version, 1);
        assertHead(5, keccak256("five"), START);
    }

    function test_oneStorageProofReadsAHead() public {
        anchor(3, "three");
        bytes32 slot = keccak256(abi.encode(appId, uint256(3)));
        bytes32 digest = keccak256(abi.encode(uint64(3), keccak256("three")));
        assertEq(vm.load(address(anchors), slot), digest);
        assertEq(anchors.headDigest(appId), digest);
    }

    /// @dev Written out: what a signer in another language must arrive at.
    function test_theDigestIsThatOfEip712() public view {
        StateAnchor.Anchor memory a = next(1, "one");
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("devproof StateAnchor"),
                keccak256("1"),
                block.chainid,
                address(anchors)
            )
        );
        bytes32 content = keccak256(
            abi.encode(
                keccak256("Anchor(address appId,uint64 version,bytes32 root,bytes32 previousRoot)"),
                a.appId,
                a.version,
                a.root,
                a.previousRoot
            )
        );
        assertEq(anchors.anchorDigest(a), keccak256(abi.encodePacked("\x19\x01", domain, content)));
    }
}
