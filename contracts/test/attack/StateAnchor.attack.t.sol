// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../../src/SignatureChain.sol";
import {StateAnchor} from "../../src/StateAnchor.sol";
import {AnchorFixture} from "../AnchorFixture.sol";

/// @title Who restores an old disk and wants it to pass for the newest state
/// @dev The attacker is the operator: it has every signature ever made, copies of the machine, users'
/// accounts and apps of its own under the same KMS.
contract StateAnchorAttack is AnchorFixture {
    function refused(
        StateAnchor.Anchor memory a,
        SignatureChain.Proof memory proof,
        bytes memory signature
    ) private returns (bool) {
        bytes32 before = anchors.headDigest(a.appId);
        try anchors.anchor(a, signature, proof) {
            return false;
        } catch {
            return anchors.headDigest(a.appId) == before;
        }
    }

    function test_anOldAnchorSentAgain() public {
        StateAnchor.Anchor memory old = next(1, "one");
        bytes memory signature = signed(old);
        anchors.anchor(old, signature, makeProof());
        assertTrue(refused(old, makeProof(), signature));
        anchor(2, "two");
        assertTrue(refused(old, makeProof(), signature));
    }

    /// @dev Two states of one version cannot both be the newest.
    function test_anotherStateOfTheSameVersion() public {
        anchor(1, "one");
        anchor(2, "two");
        StateAnchor.Anchor memory a = next(2, "another two");
        assertTrue(refused(a, makeProof(), signed(a)));
    }

    /// @dev A copy restored from version 1 that goes on by itself reaches any version it likes. What
    /// it follows gives it away.
    function test_aForkThatOvertakes() public {
        anchor(1, "one");
        bytes32 forkedFrom = anchors.head(appId).root;
        anchor(2, "two");
        StateAnchor.Anchor memory a = next(900, "fork");
        a.previousRoot = forkedFrom;
        assertTrue(refused(a, makeProof(), signed(a)));
    }

    /// @dev An anchor held back must not come in after another took its place.
    function test_anAnchorHeldBack() public {
        anchor(1, "one");
        StateAnchor.Anchor memory held = next(3, "held back");
        bytes memory signature = signed(held);
        anchor(2, "two");
        assertTrue(refused(held, makeProof(), signature));
    }

    /// @dev A state that comes round again must not let old anchors in: versions only go up.
    function test_aRootThatComesRoundAgain() public {
        anchor(1, "even");
        StateAnchor.Anchor memory old = next(2, "odd");
        bytes memory signature = signed(old);
        anchors.anchor(old, signature, makeProof());
        anchor(3, "even");
        assertTrue(refused(old, makeProof(), signature));
    }

    /// @dev A user of the wallet may have any typed data signed, this one too, by a key of the app.
    function test_aWalletsUserWhoHasAnAnchorSigned() public {
        uint256 walletKey = makeKey("a user's key");
        SignatureChain.Proof memory proof = makeProof(rootKey, appId, appKey, walletKey, "ethereum");
        StateAnchor.Anchor memory a = next(1, "one");
        bytes memory signature = signBare(walletKey, anchors.anchorDigest(a));
        assertTrue(refused(a, proof, signature));
        proof.purpose = "state-anchor";
        assertTrue(refused(a, proof, signature));
    }

    function test_anotherAppsKey() public {
        StateAnchor.Anchor memory a = next(1, "one");
        SignatureChain.Proof memory proof =
            makeProof(rootKey, makeAddr("own app"), appKey, anchorKey, "state-anchor");
        assertTrue(refused(a, proof, signed(a)));
    }

    /// @dev A key that was proven for one app says nothing for another.
    function test_aProvenKeyOfAnotherApp() public {
        anchor(1, "one");
        SignatureChain.Proof memory none;
        StateAnchor.Anchor memory a = StateAnchor.Anchor({
            appId: makeAddr("other app"), version: 1, root: keccak256("x"), previousRoot: 0
        });
        assertTrue(refused(a, none, signed(a)));
    }

    function test_anotherKmsRoot() public {
        StateAnchor.Anchor memory a = next(1, "one");
        SignatureChain.Proof memory proof =
            makeProof(makeKey("own root"), appId, appKey, anchorKey, "state-anchor");
        assertTrue(refused(a, proof, signed(a)));
    }

    /// @dev A first link by anybody, as upstream takes it.
    function test_aForgedFirstLink() public {
        SignatureChain.Proof memory proof = makeProof();
        uint256 mine = makeKey("attacker");
        proof.derivedPubKey = compressedKey(mine);
        proof.appSignature =
            signBare(mine, SignatureChain.appDigest("state-anchor", proof.derivedPubKey));
        StateAnchor.Anchor memory a = next(1, "one");
        assertTrue(refused(a, proof, signBare(mine, anchors.anchorDigest(a))));
    }

    function test_theAnchorOfAnotherContractOrChain() public {
        StateAnchor.Anchor memory a = next(1, "one");
        StateAnchor other = new StateAnchor(vm.addr(rootKey));
        assertTrue(refused(a, makeProof(), signBare(anchorKey, other.anchorDigest(a))));
        bytes memory signature = signed(a);
        vm.chainId(block.chainid + 1);
        assertTrue(refused(a, makeProof(), signature));
    }

    function testFuzz_anAnchorThatWasAltered(uint8 field, uint64 version, bytes32 noise) public {
        anchor(1, "one");
        StateAnchor.Anchor memory a = next(2, "two");
        bytes memory signature = signed(a);
        StateAnchor.Anchor memory b = next(2, "two");
        if (field % 3 == 0) b.version = version;
        else if (field % 3 == 1) b.root = noise;
        else b.appId = address(uint160(uint256(noise)));
        vm.assume(keccak256(abi.encode(a)) != keccak256(abi.encode(b)));
        assertTrue(refused(b, makeProof(), signature));
    }

    /// @dev A stranger must not move any head, nor stop one.
    function test_theHeadOfAnAppMovedToTheEnd() public {
        StateAnchor.Anchor memory a = next(type(uint64).max, "end");
        assertTrue(refused(a, makeProof(), signBare(makeKey("attacker"), anchors.anchorDigest(a))));
        anchor(1, "one");
    }
}
