// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../../src/SignatureChain.sol";
import {UserConsent} from "../../src/UserConsent.sol";
import {AnnouncingApp, ConsentFixture} from "../ConsentFixture.sol";

/// @title Who wants the list to say what no user has said
/// @dev The attacker has seen all that was ever signed, and has keys and apps of its own.
contract UserConsentAttack is ConsentFixture {
    uint256 private constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    uint256 private mine = makeKey("attacker");

    function assertRefused(UserConsent.Submission memory submission) private {
        uint256 before = consent.count(submission.request.app, submission.request.composeHash);
        vm.expectRevert();
        consent.optOut(submission);
        assertEq(consent.count(submission.request.app, submission.request.composeHash), before);
    }

    function test_aSignatureSentTwiceToCountTwice() public {
        UserConsent.Submission memory submission = submissionOf(alice);
        consent.optOut(submission);
        assertRefused(submission);
    }

    /// @dev The second form of the signature, or a newly signed one, is no second user either.
    function test_anotherSignatureOfTheSameUserToCountTwice() public {
        UserConsent.Submission memory submission = submissionOf(alice);
        consent.optOut(submission);
        submission.request.deadline++;
        submission.signature = signed(submission.request, alice);
        assertRefused(submission);
    }

    function test_theSecondFormOfASignature() public {
        UserConsent.Submission memory submission = submissionOf(alice);
        bytes memory signature = submission.signature;
        bytes32 r;
        uint256 s;
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
        }
        submission.signature = abi.encodePacked(r, N - s, uint8(signature[64]) ^ 1);
        assertRefused(submission);
    }

    function test_aSignatureForAnotherContract() public {
        UserConsent other = new UserConsent(vm.addr(rootKey));
        UserConsent.Submission memory submission = submissionOf(alice);
        submission.signature = signBare(alice, other.digestOf(submission.request));
        assertRefused(submission);
        other.optOut(submission);
    }

    /// @dev Contract and app at the same addresses on a chain that has forked, too.
    function test_aSignatureForAnotherChain() public {
        uint256 here = block.chainid;
        vm.chainId(here + 1);
        UserConsent.Submission memory submission = submissionOf(alice);
        vm.chainId(here);
        assertRefused(submission);
        vm.chainId(here + 1);
        consent.optOut(submission);
    }

    function test_aSignatureForAnotherVersion() public {
        UserConsent.Submission memory submission = submissionOf(alice);
        submission.request.composeHash = keccak256("version 3");
        app.announce(submission.request.composeHash, block.timestamp + 1);
        assertRefused(submission);
    }

    function test_aSignatureForAnotherApp() public {
        AnnouncingApp other = new AnnouncingApp();
        other.announce(code, block.timestamp + 1);
        UserConsent.Submission memory submission = submissionOf(alice);
        submission.request.app = address(other);
        submission.proof = makeProof(rootKey, address(other), appKey, alice, "ethereum");
        assertRefused(submission);
    }

    function test_aDeadlineMovedByWhoSubmits() public {
        UserConsent.Submission memory submission = submissionOf(alice);
        submission.request.deadline = type(uint256).max;
        assertRefused(submission);
    }

    function test_anAttackerWhoSignsForAUser() public {
        UserConsent.Submission memory submission = submissionOf(alice);
        submission.signature = signed(submission.request, mine);
        assertRefused(submission);
    }

    /// @dev ecrecover answers zero to a signature that is none.
    function test_theZeroAddressAsUser() public {
        UserConsent.Submission memory submission = submissionOf(alice);
        submission.request.user = address(0);
        submission.signature = new bytes(65);
        assertRefused(submission);
    }

    /// @dev Addresses cost nothing: a list of strangers would be no count of users.
    function test_madeUpUsersToFillTheList() public {
        UserConsent.Submission memory submission = submissionOf(mine);
        submission.proof = makeProof(makeKey("own root"), address(app), appKey, mine, "ethereum");
        assertRefused(submission);
        submission.proof =
            makeProof(rootKey, makeAddr("own app"), makeKey("own app key"), mine, "ethereum");
        assertRefused(submission);
        submission.proof = makeProof(rootKey, address(app), appKey, alice, "ethereum");
        assertRefused(submission);
    }

    /// @dev As upstream's oracle would have taken it: the first link by the attacker's own key.
    function test_aChainWhoseFirstLinkTheAttackerSigned() public {
        UserConsent.Submission memory submission = submissionOf(mine);
        SignatureChain.Proof memory proof =
            makeProof(rootKey, address(app), appKey, alice, "ethereum");
        proof.derivedPubKey = compressedKey(mine);
        proof.appSignature =
            signBare(mine, SignatureChain.appDigest("ethereum", proof.derivedPubKey));
        submission.proof = proof;
        assertRefused(submission);
    }

    /// @dev Keys of the app for other uses are no users.
    function test_aKeyOfTheAppThatIsNoWallet() public {
        UserConsent.Submission memory submission = submissionOf(mine);
        submission.proof = makeProof(rootKey, address(app), appKey, mine, "state-anchor");
        vm.expectRevert(
            abi.encodeWithSelector(UserConsent.UserConsentNotAWallet.selector, "state-anchor")
        );
        consent.optOut(submission);
    }

    /// @dev A relayer's batch must not fail because one of it was sent ahead.
    function test_aBatchOvertakenByOneOfItsOwn() public {
        UserConsent.Submission[] memory all = new UserConsent.Submission[](2);
        all[0] = submissionOf(alice);
        all[1] = submissionOf(bob);
        vm.prank(makeAddr("attacker"));
        consent.optOut(all[1]);
        consent.optOutMany(all);
        assertEq(consent.count(address(app), code), 2);
    }

    /// @dev An inner node given out as a leaf, at the position that it has a level above.
    function test_aNodeAsALeaf() public {
        optOut(alice);
        optOut(bob);
        (, bytes32[20] memory proof) = consent.proofOf(address(app), code, vm.addr(alice));
        bytes32 left = consent.leafOf(address(app), code, vm.addr(alice));
        bytes32 right = consent.leafOf(address(app), code, vm.addr(bob));
        assertEq(proof[0], right);
        assertNotEq(
            keccak256(abi.encode(left, right)), consent.leafOf(address(app), code, address(0))
        );
        assertEq(consent.rootOf(left, 0, proof), consent.root(address(app), code));
        // The same path read from one level higher has one node too few: DEPTH is fixed.
        for (uint256 level = 0; level < 19; level++) {
            proof[level] = proof[level + 1];
        }
        assertNotEq(
            consent.rootOf(keccak256(abi.encode(left, right)), 0, proof),
            consent.root(address(app), code)
        );
    }

    /// @dev An empty place must not prove a user, nor a position beyond the tree the one it wraps to.
    function test_positionsThatAreEmptyOrWrap() public {
        optOut(alice);
        (, bytes32[20] memory proof) = consent.proofOf(address(app), code, vm.addr(alice));
        assertTrue(consent.verify(address(app), code, vm.addr(alice), 0, proof));
        assertFalse(consent.verify(address(app), code, vm.addr(alice), 2 ** 20, proof));
        assertFalse(consent.verify(address(app), code, address(0), 1, proof));
    }

    /// @dev Nobody has opted out: the root is zero, and nothing leads to it.
    function testFuzz_nobodyIsProvenInAnEmptyList(
        address user,
        uint256 position,
        bytes32[20] calldata proof
    ) public view {
        assertFalse(consent.verify(address(app), code, user, position, proof));
    }

    /// @dev An app may lie of what it has announced. It harms its own list only.
    function test_anAppThatAnnouncesAnythingFillsNoOtherList() public {
        AnnouncingApp liar = new AnnouncingApp();
        liar.announce(code, 1);
        UserConsent.Submission memory submission = submissionOf(mine);
        submission.request.app = address(liar);
        submission.signature = signed(submission.request, mine);
        submission.proof =
            makeProof(rootKey, address(liar), makeKey("liar's key"), mine, "ethereum");
        consent.optOut(submission);
        assertEq(consent.count(address(liar), code), 1);
        assertEq(consent.count(address(app), code), 0);
    }

    function testFuzz_randomSignaturesAreRefused(bytes calldata signature) public {
        UserConsent.Submission memory submission = submissionOf(alice);
        vm.assume(keccak256(signature) != keccak256(submission.signature));
        submission.signature = signature;
        assertRefused(submission);
    }
}
