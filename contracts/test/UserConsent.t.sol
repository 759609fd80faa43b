// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TimelockAppAuth} from "../src/TimelockAppAuth.sol";
import {UserConsent} from "../src/UserConsent.sol";
import {ConsentFixture} from "./ConsentFixture.sol";

contract UserConsentTest is ConsentFixture {
    /// @dev The tree as its definition says, all 2 ** levels leaves in mind but none in memory.
    function rootOfAll(bytes32[] memory leaves) private pure returns (bytes32) {
        bytes32 empty = 0;
        for (uint256 level = 0; level < 20; level++) {
            bytes32[] memory next = new bytes32[]((leaves.length + 1) / 2);
            for (uint256 i = 0; i < next.length; i++) {
                bytes32 right = 2 * i + 1 < leaves.length ? leaves[2 * i + 1] : empty;
                next[i] = keccak256(abi.encodePacked(leaves[2 * i], right));
            }
            leaves = next;
            empty = keccak256(abi.encodePacked(empty, empty));
        }
        return leaves[0];
    }

    function leafOf(address user) private view returns (bytes32) {
        return keccak256(abi.encodePacked(keccak256(abi.encode(address(app), code, user))));
    }

    function key(uint256 i) private pure returns (uint256) {
        return uint256(keccak256(abi.encode("user", i))) >> 128;
    }

    function test_aRootIsDue() public {
        vm.expectRevert(UserConsent.UserConsentNoRoot.selector);
        new UserConsent(address(0));
    }

    function test_anyoneSubmitsForAUser() public {
        assertFalse(consent.optedOut(address(app), code, vm.addr(alice)));
        assertEq(consent.root(address(app), code), bytes32(0));
        UserConsent.Submission memory submission = submissionOf(alice);
        vm.prank(makeAddr("relayer"));
        consent.optOut(submission);
        assertTrue(consent.optedOut(address(app), code, vm.addr(alice)));
        assertEq(consent.count(address(app), code), 1);
    }

    function test_theEventTellsAll() public {
        UserConsent.Submission memory submission = submissionOf(alice);
        bytes32[] memory leaves = new bytes32[](1);
        leaves[0] = leafOf(vm.addr(alice));
        vm.expectEmit(address(consent));
        emit UserConsent.OptedOut(address(app), code, vm.addr(alice), 0, rootOfAll(leaves));
        consent.optOut(submission);
    }

    /// @dev Against a plain implementation of EIP-712: a wallet must come to the same digest.
    function test_theDigestIsThatOfEip712() public view {
        UserConsent.OptOut memory request = requestOf(alice);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("devproof UserConsent"),
                keccak256("1"),
                block.chainid,
                address(consent)
            )
        );
        assertEq(consent.domainSeparator(), domain);
        bytes32 body = keccak256(
            abi.encode(
                keccak256("OptOut(address user,address app,bytes32 composeHash,uint256 deadline)"),
                request.user,
                request.app,
                request.composeHash,
                request.deadline
            )
        );
        assertEq(consent.digestOf(request), keccak256(abi.encodePacked(hex"1901", domain, body)));
    }

    function test_signaturesWithEitherVAreTaken() public {
        UserConsent.Submission memory submission = submissionOf(alice);
        submission.signature[64] = bytes1(uint8(submission.signature[64]) + 27);
        consent.optOut(submission);
        assertTrue(consent.optedOut(address(app), code, vm.addr(alice)));
    }

    function test_theLastSecondOfTheDeadlineIsInTime() public {
        UserConsent.Submission memory submission = submissionOf(alice);
        vm.warp(submission.request.deadline);
        consent.optOut(submission);
        assertEq(consent.count(address(app), code), 1);
    }

    function test_afterTheDeadlineItIsRefused() public {
        UserConsent.Submission memory submission = submissionOf(alice);
        uint256 late = submission.request.deadline + 1;
        vm.warp(late);
        vm.expectRevert(
            abi.encodeWithSelector(UserConsent.UserConsentExpired.selector, late - 1, late)
        );
        consent.optOut(submission);
    }

    function test_anAppMustBeThere() public {
        UserConsent.Submission memory submission = submissionOf(alice);
        submission.request.app = makeAddr("nothing");
        vm.expectRevert(
            abi.encodeWithSelector(UserConsent.UserConsentNoApp.selector, submission.request.app)
        );
        consent.optOut(submission);
    }

    function test_codeMustBeAnnounced() public {
        UserConsent.Submission memory submission = submissionOf(alice);
        submission.request.composeHash = keccak256("never announced");
        vm.expectRevert(
            abi.encodeWithSelector(
                UserConsent.UserConsentNotPending.selector,
                address(app),
                submission.request.composeHash
            )
        );
        consent.optOut(submission);
    }

    function test_onceTheCodeIsActivatedItIsTooLate() public {
        UserConsent.Submission memory submission = submissionOf(alice);
        app.announce(code, 0);
        vm.expectRevert(
            abi.encodeWithSelector(UserConsent.UserConsentNotPending.selector, address(app), code)
        );
        consent.optOut(submission);
    }

    /// @dev With the app that this is made for, from its announcement to its activation.
    function test_usersOfAnAppWithNoticeOptOutInTheNotice() public {
        TimelockAppAuth real = new TimelockAppAuth(
            address(this),
            address(0),
            TimelockAppAuth.Config(2 days, 7 days, 7 days, 30 days, 1 days, true, false, 0, 0)
        );
        UserConsent.Submission memory submission = submissionOf(alice);
        submission.request.app = address(real);
        submission.request.deadline = type(uint256).max;
        submission.signature = signed(submission.request, alice);
        submission.proof = makeProof(rootKey, address(real), appKey, alice, "ethereum");
        bytes memory tooEarlyOrLate =
            abi.encodeWithSelector(UserConsent.UserConsentNotPending.selector, address(real), code);
        vm.expectRevert(tooEarlyOrLate);
        consent.optOut(submission);

        real.proposeComposeHash(code);
        consent.optOut(submission);
        assertTrue(consent.optedOut(address(real), code, vm.addr(alice)));

        vm.warp(real.activatesAt(code));
        real.activateComposeHash(code);
        submission.request.user = vm.addr(bob);
        vm.expectRevert(tooEarlyOrLate);
        consent.optOut(submission);
    }

    function test_proposedAnewWhoWasOutIsStillOut() public {
        optOut(alice);
        app.announce(code, 0);
        app.announce(code, block.timestamp + 30 days);
        assertTrue(consent.optedOut(address(app), code, vm.addr(alice)));
        UserConsent.Submission memory submission = submissionOf(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                UserConsent.UserConsentAlreadyOut.selector, address(app), code, vm.addr(alice)
            )
        );
        consent.optOut(submission);
    }

    function test_manyAreTakenAtOnce() public {
        UserConsent.Submission[] memory all = new UserConsent.Submission[](3);
        all[0] = submissionOf(alice);
        all[1] = submissionOf(bob);
        all[2] = all[0];
        consent.optOutMany(all);
        assertEq(consent.count(address(app), code), 2);
        assertTrue(consent.optedOut(address(app), code, vm.addr(alice)));
        assertTrue(consent.optedOut(address(app), code, vm.addr(bob)));
    }

    function test_manyWithOneBadAreRefused() public {
        UserConsent.Submission[] memory all = new UserConsent.Submission[](2);
        all[0] = submissionOf(alice);
        all[1] = submissionOf(bob);
        all[1].signature = signed(all[1].request, alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                UserConsent.UserConsentWrongSigner.selector, vm.addr(alice), vm.addr(bob)
            )
        );
        consent.optOutMany(all);
        assertEq(consent.count(address(app), code), 0);
    }

    function test_aLeafIsThatOfTheDocumentation() public view {
        assertEq(consent.leafOf(address(app), code, vm.addr(alice)), leafOf(vm.addr(alice)));
    }

    /// @dev Sizes on both sides of powers of two, the root and each proof after each user.
    function test_eachUserIsProvenAtEachSize() public {
        bytes32[] memory leaves = new bytes32[](9);
        for (uint256 n = 0; n < leaves.length; n++) {
            optOut(key(n));
            leaves[n] = leafOf(vm.addr(key(n)));
            bytes32[] memory some = new bytes32[](n + 1);
            for (uint256 i = 0; i <= n; i++) {
                some[i] = leaves[i];
            }
            assertEq(consent.root(address(app), code), rootOfAll(some));
            for (uint256 i = 0; i <= n; i++) {
                assertTrue(isProven(key(i)));
            }
        }
    }

    function testFuzz_aChangedProofProvesNothing(uint256 level, uint256 bit, uint256 shift) public {
        for (uint256 i = 0; i < 5; i++) {
            optOut(key(i));
        }
        address user = vm.addr(key(2));
        (uint256 position, bytes32[20] memory proof) = consent.proofOf(address(app), code, user);
        assertEq(position, 2);
        shift = bound(shift, 1, type(uint256).max);
        unchecked {
            assertFalse(consent.verify(address(app), code, user, position + shift, proof));
        }
        assertFalse(consent.verify(address(app), keccak256("other"), user, position, proof));
        assertFalse(consent.verify(makeAddr("other"), code, user, position, proof));
        proof[bound(level, 0, 19)] ^= bytes32(1 << bound(bit, 0, 255));
        assertFalse(consent.verify(address(app), code, user, position, proof));
    }

    function testFuzz_aStrangerIsNotProven(address stranger, uint256 position) public {
        for (uint256 i = 0; i < 4; i++) {
            vm.assume(stranger != vm.addr(key(i)));
            optOut(key(i));
        }
        position = bound(position, 0, 3);
        (, bytes32[20] memory proof) = consent.proofOf(address(app), code, vm.addr(key(position)));
        assertFalse(consent.verify(address(app), code, stranger, position, proof));
        vm.expectRevert(
            abi.encodeWithSelector(
                UserConsent.UserConsentNotOut.selector, address(app), code, stranger
            )
        );
        consent.proofOf(address(app), code, stranger);
    }

    function testFuzz_whatIsSignedIsWhatCounts(address app_, bytes32 composeHash, uint256 deadline)
        public
    {
        UserConsent.Submission memory submission = submissionOf(alice);
        UserConsent.OptOut memory request = submission.request;
        vm.assume(app_ != address(app) || composeHash != code || deadline != request.deadline);
        submission.request.app = app_;
        submission.request.composeHash = composeHash;
        submission.request.deadline = deadline;
        vm.expectRevert();
        consent.optOut(submission);
    }

    function test_thePagesOfTheListAreInOrder() public {
        for (uint256 i = 0; i < 5; i++) {
            optOut(key(i));
        }
        address[] memory page = consent.users(address(app), code, 1, 3);
        assertEq(page.length, 3);
        assertEq(page[0], vm.addr(key(1)));
        assertEq(page[2], vm.addr(key(3)));
        assertEq(consent.users(address(app), code, 4, 10).length, 1);
        assertEq(consent.users(address(app), code, 5, 1).length, 0);
        assertEq(consent.users(address(app), code, type(uint256).max, 1).length, 0);
        assertEq(consent.users(address(app), code, 0, type(uint256).max).length, 5);
    }

    function test_appsAndVersionsHaveListsOfTheirOwn() public {
        optOut(alice);
        assertFalse(consent.optedOut(address(app), keccak256("version 3"), vm.addr(alice)));
        assertFalse(consent.optedOut(makeAddr("other app"), code, vm.addr(alice)));
        app.announce(keccak256("version 3"), block.timestamp + 1);
        code = keccak256("version 3");
        optOut(alice);
        assertEq(consent.count(address(app), code), 1);
    }

    /// @dev As the documentation says, for storage proofs.
    function test_theListLiesWhereItIsSaidToLie() public {
        optOut(bob);
        optOut(alice);
        bytes32 ofApp = keccak256(abi.encode(address(app), uint256(2)));
        uint256 list = uint256(keccak256(abi.encode(code, ofApp)));
        assertEq(vm.load(address(consent), bytes32(list)), consent.root(address(app), code));
        assertEq(uint256(vm.load(address(consent), bytes32(list + 1))), 2);
        bytes32 position = keccak256(abi.encode(vm.addr(alice), list + 2));
        assertEq(uint256(vm.load(address(consent), position)), 2);
    }

    function test_aFullTreeTakesNobody() public {
        optOut(bob);
        bytes32 ofApp = keccak256(abi.encode(address(app), uint256(2)));
        bytes32 length = bytes32(uint256(keccak256(abi.encode(code, ofApp))) + 1);
        UserConsent.Submission memory submission = submissionOf(alice);
        vm.store(address(consent), length, bytes32(uint256(2 ** 20)));
        vm.expectRevert(
            abi.encodeWithSelector(UserConsent.UserConsentFull.selector, address(app), code)
        );
        consent.optOut(submission);
        vm.store(address(consent), length, bytes32(uint256(2 ** 20 - 1)));
        consent.optOut(submission);
        assertTrue(consent.optedOut(address(app), code, vm.addr(alice)));
    }
}
