// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../src/SignatureChain.sol";
import {ChainFixture} from "./ChainFixture.sol";
import {SignatureChainHarness} from "./SignatureChainHarness.sol";

contract SignatureChainTest is ChainFixture {
    uint256 private constant P = 2 ** 256 - 2 ** 32 - 977;
    uint256 private constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    SignatureChainHarness private chain;
    uint256 private rootKey = makeKey("root");
    uint256 private appKey = makeKey("app");
    uint256 private derivedKey = makeKey("derived");
    address private root = vm.addr(rootKey);
    address private appId = makeAddr("app id");

    function setUp() public {
        chain = new SignatureChainHarness();
    }

    function makeProof() private returns (SignatureChain.Proof memory) {
        return makeProof(rootKey, appId, appKey, derivedKey, "ethereum");
    }

    function flip(bytes memory data, uint256 bit) private pure {
        data[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
    }

    function test_aChainThatHoldsGivesTheDerivedAddress() public {
        assertEq(chain.verify(makeProof(), root, appId), vm.addr(derivedKey));
    }

    function testFuzz_anyKeysAndPurposeMakeAChainThatHolds(
        uint256 a,
        uint256 b,
        uint256 c,
        address app,
        string memory purpose
    ) public {
        a = bound(a, 1, N - 1);
        b = bound(b, 1, N - 1);
        c = bound(c, 1, N - 1);
        SignatureChain.Proof memory proof = makeProof(a, app, b, c, purpose);
        assertEq(chain.verify(proof, vm.addr(a), app), vm.addr(c));
    }

    function testFuzz_oneBitFlippedAnywhereIsRefused(uint256 field, uint256 bit) public {
        SignatureChain.Proof memory proof = makeProof();
        bytes[5] memory fields = [
            proof.appPubKey,
            proof.derivedPubKey,
            proof.appSignature,
            proof.kmsSignature,
            bytes(proof.purpose)
        ];
        bytes memory changed = fields[field % 5];
        flip(changed, bit % (8 * changed.length));
        // 0 and 27 are one v, and so are 1 and 28; no single bit leads from one to the other.
        vm.expectRevert();
        chain.verify(proof, root, appId);
    }

    function testFuzz_noiseIsRefused(
        SignatureChain.Proof memory proof,
        address kmsRoot,
        address app
    ) public {
        vm.expectRevert();
        chain.verify(proof, kmsRoot, app);
    }

    function test_anotherRootIsRefusedByName() public {
        address other = makeAddr("other");
        vm.expectRevert(
            abi.encodeWithSelector(SignatureChain.SignatureChainNotFromRoot.selector, root, other)
        );
        chain.verify(makeProof(), other, appId);
    }

    function test_theZeroAddressIsNoRoot() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                SignatureChain.SignatureChainNotFromRoot.selector, root, address(0)
            )
        );
        chain.verify(makeProof(), address(0), appId);
    }

    function test_anotherAppIsRefused() public {
        vm.expectPartialRevert(SignatureChain.SignatureChainNotFromRoot.selector);
        chain.verify(makeProof(), root, makeAddr("other"));
    }

    function test_aFirstLinkByAnotherKeyIsRefusedByName() public {
        SignatureChain.Proof memory proof = makeProof();
        bytes32 digest = SignatureChain.appDigest(proof.purpose, proof.derivedPubKey);
        proof.appSignature = signBare(makeKey("other"), digest);
        vm.expectRevert(
            abi.encodeWithSelector(
                SignatureChain.SignatureChainAppKeyMismatch.selector,
                makeAddr("other"),
                vm.addr(appKey)
            )
        );
        chain.verify(proof, root, appId);
    }

    function test_purposeAndKeyAreCovered() public {
        SignatureChain.Proof memory proof = makeProof();
        proof.purpose = "Ethereum";
        vm.expectPartialRevert(SignatureChain.SignatureChainAppKeyMismatch.selector);
        chain.verify(proof, root, appId);
        proof = makeProof();
        proof.derivedPubKey = compressedKey(makeKey("other"));
        vm.expectPartialRevert(SignatureChain.SignatureChainAppKeyMismatch.selector);
        chain.verify(proof, root, appId);
    }

    function testFuzz_aKeyHasTheAddressOfItsPrivateKey(uint256 privateKey) public {
        privateKey = bound(privateKey, 1, N - 1);
        assertEq(chain.addressOf(compressedKey(privateKey)), vm.addr(privateKey));
    }

    function testFuzz_theOtherPrefixIsTheNegatedKey(uint256 privateKey) public {
        privateKey = bound(privateKey, 1, N - 1);
        bytes memory key = compressedKey(privateKey);
        key[0] ^= 0x01;
        assertEq(chain.addressOf(key), vm.addr(N - privateKey));
    }

    function testFuzz_anXIsAKeyIfAndOnlyIfItIsAPoint(uint256 x) public {
        x = bound(x, 0, P - 1);
        bytes memory key = abi.encodePacked(uint8(2), x);
        uint256 square = addmod(mulmod(mulmod(x, x, P), x, P), 7, P);
        if (!isSquare(square)) expectBadKey(key);
        chain.addressOf(key);
    }

    /// @dev Euler's criterion, by square and multiply: no precompile, no square root.
    function isSquare(uint256 value) private pure returns (bool) {
        uint256 result = 1;
        for (uint256 i = 1; i <= 256; i++) {
            result = mulmod(result, result, P);
            if ((P - 1) / 2 >> (256 - i) & 1 == 1) result = mulmod(result, value, P);
        }
        return result == 1;
    }

    function expectBadKey(bytes memory key) private {
        vm.expectRevert(abi.encodeWithSelector(SignatureChain.SignatureChainBadKey.selector, key));
    }

    function test_whatIsNoKeyIsRefused() public {
        uint256 x = vm.createWallet(appKey).publicKeyX;
        bytes[9] memory bad = [
            bytes(""),
            abi.encodePacked(x),
            abi.encodePacked(uint8(0), x),
            abi.encodePacked(uint8(1), x),
            abi.encodePacked(uint8(4), x),
            abi.encodePacked(uint8(2), x, uint8(0)),
            // 5 is the x of no point. P and above are no elements of the field, though P + 1 would
            // be a second name of the point whose x is 1.
            abi.encodePacked(uint8(2), uint256(5)),
            abi.encodePacked(uint8(2), P),
            abi.encodePacked(uint8(3), P + 1)
        ];
        for (uint256 i = 0; i < bad.length; i++) {
            expectBadKey(bad[i]);
            chain.addressOf(bad[i]);
            SignatureChain.Proof memory proof = makeProof();
            proof.appPubKey = bad[i];
            expectBadKey(bad[i]);
            chain.verify(proof, root, appId);
            proof = makeProof();
            proof.derivedPubKey = bad[i];
            expectBadKey(bad[i]);
            chain.verify(proof, root, appId);
        }
    }

    function test_theFirstPointHasAKey() public view {
        assertNotEq(chain.addressOf(abi.encodePacked(uint8(2), uint256(1))), address(0));
    }

    function test_aCallThatRunsOutOfGasGivesNoAddress() public {
        bytes memory key = compressedKey(appKey);
        (bool ok,) = address(chain).staticcall{gas: 3000}(abi.encodeCall(chain.addressOf, (key)));
        assertFalse(ok);
    }

    function testFuzz_allFormsOfVRecover(uint256 privateKey, bytes32 digest) public view {
        privateKey = bound(privateKey, 1, N - 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(privateKey, digest);
        assertEq(chain.recover(digest, abi.encodePacked(r, s, v)), vm.addr(privateKey));
        assertEq(chain.recover(digest, abi.encodePacked(r, s, v - 27)), vm.addr(privateKey));
    }

    function expectBadSignature(bytes memory signature) private {
        vm.expectRevert(
            abi.encodeWithSelector(SignatureChain.SignatureChainBadSignature.selector, signature)
        );
    }

    function testFuzz_anotherVIsRefused(uint8 v) public {
        vm.assume(v != 0 && v != 1 && v != 27 && v != 28);
        (, bytes32 r, bytes32 s) = vm.sign(appKey, bytes32(uint256(1)));
        bytes memory signature = abi.encodePacked(r, s, v);
        expectBadSignature(signature);
        chain.recover(bytes32(uint256(1)), signature);
    }

    function testFuzz_highSIsRefused(bytes32 digest) public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(appKey, digest);
        bytes memory signature = abi.encodePacked(r, N - uint256(s), 55 - v);
        expectBadSignature(signature);
        chain.recover(digest, signature);
    }

    function test_theHighestLowSIsTaken() public {
        bytes32 r = bytes32(vm.createWallet(appKey).publicKeyX);
        bytes memory signature = abi.encodePacked(r, N / 2, uint8(0));
        assertNotEq(chain.recover(0, signature), address(0));
        signature = abi.encodePacked(r, N / 2 + 1, uint8(0));
        expectBadSignature(signature);
        chain.recover(0, signature);
    }

    function testFuzz_anotherLengthIsRefused(bytes memory signature) public {
        vm.assume(signature.length != 65);
        expectBadSignature(signature);
        chain.recover(0, signature);
    }

    function test_rAndSOutOfRangeAreRefused() public {
        bytes[4] memory bad = [
            abi.encodePacked(uint256(0), uint256(1), uint8(0)),
            abi.encodePacked(uint256(1), uint256(0), uint8(0)),
            abi.encodePacked(N, uint256(1), uint8(0)),
            // 5 is the x of no point.
            abi.encodePacked(uint256(5), uint256(1), uint8(0))
        ];
        for (uint256 i = 0; i < bad.length; i++) {
            expectBadSignature(bad[i]);
            chain.recover(0, bad[i]);
        }
    }

    function testFuzz_theAppDigestSpellsTheKeyInHex(bytes32 x, uint8 prefix, string memory purpose)
        public
        view
    {
        bytes memory key = abi.encodePacked(prefix, x);
        // The runner's "0x" stands where the separator belongs.
        bytes memory digits = bytes(vm.toString(key));
        bytes memory text = new bytes(digits.length - 2);
        for (uint256 i = 0; i < text.length; i++) {
            text[i] = digits[i + 2];
        }
        assertEq(chain.appDigest(purpose, key), keccak256(abi.encodePacked(purpose, ":", text)));
    }

    function testFuzz_aKeyOfAnotherLengthHasNoDigest(bytes memory key) public {
        vm.assume(key.length != 33);
        expectBadKey(key);
        chain.appDigest("ethereum", key);
    }
}
