// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../../src/SignatureChain.sol";
import {ChainFixture} from "../ChainFixture.sol";
import {SignatureChainHarness} from "../SignatureChainHarness.sol";

/// @title Who wants to pass for an app without holding its key
/// @dev The attacker has seen a chain of the app, and has keys, apps and chains of its own under the
/// same KMS.
contract SignatureChainAttack is ChainFixture {
    uint256 private constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    SignatureChainHarness private chain;
    uint256 private rootKey = makeKey("root");
    uint256 private mine = makeKey("attacker");
    address private root = vm.addr(rootKey);
    address private victim = makeAddr("victim app");
    address private own = makeAddr("attacker's app");
    SignatureChain.Proof private seen;
    SignatureChain.Proof private owned;

    function setUp() public {
        chain = new SignatureChainHarness();
        seen = makeProof(rootKey, victim, makeKey("app"), makeKey("derived"), "ethereum");
        owned = makeProof(rootKey, own, makeKey("own app"), mine, "ethereum");
    }

    function assertRefused(SignatureChain.Proof memory proof) private {
        vm.expectRevert();
        chain.verify(proof, root, victim);
    }

    function signDerived(uint256 signer, string memory purpose, bytes memory key)
        private
        pure
        returns (bytes memory)
    {
        return signBare(signer, SignatureChain.appDigest(purpose, key));
    }

    /// @dev Upstream recovers the signer of this link and never compares it.
    function test_aFirstLinkSignedByTheAttackerBelowATrueSecondLink() public {
        SignatureChain.Proof memory proof = seen;
        proof.derivedPubKey = compressedKey(mine);
        proof.appSignature = signDerived(mine, "ethereum", proof.derivedPubKey);
        assertRefused(proof);
    }

    function test_anAppKeyOfTheAttackersBelowTheSecondLinkOfTheVictim() public {
        SignatureChain.Proof memory proof = owned;
        proof.kmsSignature = seen.kmsSignature;
        assertRefused(proof);
    }

    function test_theWholeChainOfAnotherApp() public {
        chain.verify(owned, root, own);
        assertRefused(owned);
    }

    /// @dev A victim's first link with an own second link: both signatures are real.
    function test_linksOfTwoAppsMixed() public {
        SignatureChain.Proof memory proof = owned;
        proof.derivedPubKey = seen.derivedPubKey;
        proof.appSignature = seen.appSignature;
        assertRefused(proof);
        vm.expectRevert();
        chain.verify(proof, root, own);
    }

    function test_aRootOfTheAttackers() public {
        SignatureChain.Proof memory proof =
            makeProof(makeKey("own root"), victim, makeKey("own app"), mine, "ethereum");
        assertRefused(proof);
    }

    /// @dev ecrecover answers zero to a signature that is none.
    function test_theZeroAddressAsRootAndSigner() public {
        SignatureChain.Proof memory proof = owned;
        proof.kmsSignature = new bytes(65);
        vm.expectRevert();
        chain.verify(proof, address(0), victim);
        proof.appSignature = new bytes(65);
        vm.expectRevert();
        chain.verify(proof, address(0), victim);
    }

    /// @dev Keys that are no points have no private key, so nothing recovers to them.
    function test_keysThatAreNoPoints() public {
        SignatureChain.Proof memory proof = seen;
        proof.appPubKey = new bytes(33);
        assertRefused(proof);
        proof = seen;
        proof.derivedPubKey = new bytes(33);
        assertRefused(proof);
    }

    /// @dev The purpose has no length before it: what moves across the colon must not be the same
    /// text. It cannot be, as the last 66 bytes are always the key.
    function test_purposeAndKeyShiftedAgainstEachOther() public {
        SignatureChain.Proof memory proof = seen;
        proof.purpose = "ethereum:";
        assertRefused(proof);
        proof.purpose = "";
        assertRefused(proof);
        proof.purpose = string.concat("ethereum:", vm.toString(proof.derivedPubKey));
        assertRefused(proof);
    }

    /// @dev An app that asks for purpose P under a key must not have vouched for purpose Q.
    function test_anotherPurposeForAKeyOfTheApp() public {
        SignatureChain.Proof memory proof = seen;
        proof.purpose = "state-anchor";
        assertRefused(proof);
    }

    /// @dev (r, n - s) is a second valid signature: whoever kept a set of used ones would be fooled.
    function test_theSecondFormOfEachSignature() public {
        SignatureChain.Proof memory proof = seen;
        proof.appSignature = otherForm(seen.appSignature);
        assertRefused(proof);
        proof = seen;
        proof.kmsSignature = otherForm(seen.kmsSignature);
        assertRefused(proof);
    }

    function otherForm(bytes memory signature) private pure returns (bytes memory) {
        bytes32 r;
        uint256 s;
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
        }
        return abi.encodePacked(r, N - s, uint8(signature[64]) ^ 1);
    }

    /// @dev The message of the second link is no prefix of another: an app id of 32 bytes, as
    /// upstream pads it, leads to another digest, and a longer key to another app.
    function test_appIdAndAppKeyShiftedAgainstEachOther() public {
        SignatureChain.Proof memory proof = seen;
        proof.appPubKey = abi.encodePacked(new bytes(12), seen.appPubKey);
        proof.kmsSignature = signBare(rootKey, SignatureChain.kmsDigest(victim, proof.appPubKey));
        assertRefused(proof);
    }

    /// @dev The KMS signs other messages with its root key, such as keys for encrypted settings.
    function test_aSignatureOfTheRootOverAnotherMessage() public {
        SignatureChain.Proof memory proof = owned;
        proof.kmsSignature = signBare(
            rootKey,
            keccak256(abi.encodePacked("dstack-env-encrypt-pubkey:", victim, bytes32(uint256(1))))
        );
        assertRefused(proof);
    }

    /// @dev An app key signs "purpose:key" of what it is asked for, and the root never signs that.
    function test_theAppKeyInPlaceOfTheRoot() public {
        SignatureChain.Proof memory proof = owned;
        proof.kmsSignature =
            signBare(makeKey("own app"), SignatureChain.kmsDigest(victim, proof.appPubKey));
        assertRefused(proof);
    }

    /// @dev Too little gas for a square root or a recovery must not end in another address.
    function testFuzz_starvedOfGas(uint256 gasLimit) public view {
        bytes memory input = abi.encodeCall(chain.verify, (seen, root, victim));
        (bool ok, bytes memory answer) =
            address(chain).staticcall{gas: bound(gasLimit, 0, 30_000)}(input);
        if (ok) assertEq(abi.decode(answer, (address)), makeAddr("derived"));
    }
}
