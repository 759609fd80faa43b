// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../src/SignatureChain.sol";
import {SignatureChainHarness} from "./SignatureChainHarness.sol";
import {Test} from "./Test.sol";

/// @title Each row of tests/vectors/signature-chain.json, on chain
contract SignatureChainVectorsTest is Test {
    struct Row {
        SignatureChain.Proof proof;
        bytes appId;
        address root;
        bytes32 messageHash;
        bytes messageSignature;
    }

    SignatureChainHarness private chain;
    string private json;

    function setUp() public {
        chain = new SignatureChainHarness();
        json = vm.readFile("../tests/vectors/signature-chain.json");
    }

    function test_eachChainHolds() public view {
        uint256 count = countOf("chains");
        assertEq(count, 7);
        for (uint256 i = 0; i < count; i++) {
            string memory path = item("chains", i);
            Row memory row = readChain(path);
            address derived = vm.parseJsonAddress(json, string.concat(path, ".derived_address"));
            string memory name = text(path, "name");
            assertEq(derivedOf(row), derived, name);
            assertTrue(holds(row), name);
            row.messageSignature = hexOf(path, "message_signature_v27");
            assertTrue(holds(row), name);
        }
    }

    function test_eachVariantIsTakenOrRefusedAsTheRowSays() public view {
        uint256 count = countOf("variants");
        uint256 refused = 0;
        assertEq(count, 33);
        for (uint256 i = 0; i < count; i++) {
            string memory path = item("variants", i);
            Row memory row = readVariant(path);
            bool valid = vm.parseJsonBool(json, string.concat(path, ".valid"));
            assertEq(holds(row), valid, text(path, "name"));
            if (!valid) refused++;
        }
        assertEq(refused, 32);
    }

    /// @dev A chain says nothing of a message: rows that break at the message have a good chain.
    function test_eachVariantFailsAtItsLink() public view {
        for (uint256 i = 0; i < countOf("variants"); i++) {
            string memory path = item("variants", i);
            if (vm.parseJsonBool(json, string.concat(path, ".valid"))) continue;
            bytes32 link = keccak256(bytes(text(path, "fails_at")));
            if (link == keccak256("message")) {
                assertNotEq(derivedOf(readVariant(path)), address(0));
            } else if (link == keccak256("kms") || link == keccak256("app")) {
                assertEq(derivedOf(readVariant(path)), address(0), text(path, "name"));
            }
        }
    }

    function readVariant(string memory path) private view returns (Row memory row) {
        row = readChain(chainNamed(text(path, "of")));
        string memory change = string.concat(path, ".change");
        row.proof.appPubKey = changed(change, "app_public_key", row.proof.appPubKey);
        row.proof.derivedPubKey = changed(change, "derived_public_key", row.proof.derivedPubKey);
        row.proof.appSignature = changed(change, "app_signature", row.proof.appSignature);
        row.proof.kmsSignature = changed(change, "kms_signature", row.proof.kmsSignature);
        row.messageSignature = changed(change, "message_signature", row.messageSignature);
        row.appId = changed(change, "app_id", row.appId);
        row.messageHash = bytes32(changed(change, "message_hash", bytes.concat(row.messageHash)));
        if (has(change, "purpose")) row.proof.purpose = text(change, "purpose");
        if (has(change, "kms_root_address")) {
            row.root = vm.parseJsonAddress(json, string.concat(change, ".kms_root_address"));
        }
    }

    function readChain(string memory path) private view returns (Row memory row) {
        row.proof.appPubKey = hexOf(path, "app_public_key");
        row.proof.derivedPubKey = hexOf(path, "derived_public_key");
        row.proof.appSignature = hexOf(path, "app_signature");
        row.proof.kmsSignature = hexOf(path, "kms_signature");
        row.proof.purpose = text(path, "purpose");
        row.appId = hexOf(path, "app_id");
        row.root = vm.parseJsonAddress(json, string.concat(path, ".kms_root_address"));
        row.messageHash = bytes32(hexOf(path, "message_hash"));
        row.messageSignature = hexOf(path, "message_signature");
    }

    /// @dev The whole of a row: its chain, and a message signed by the key that the chain proves.
    function holds(Row memory row) private view returns (bool) {
        address derived = derivedOf(row);
        bytes32 digest =
            keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", row.messageHash));
        (bool ok, bytes memory signer) =
            address(chain).staticcall(abi.encodeCall(chain.recover, (digest, row.messageSignature)));
        return ok && derived != address(0) && abi.decode(signer, (address)) == derived;
    }

    /// @return derived Zero if the chain is refused
    function derivedOf(Row memory row) private view returns (address derived) {
        bytes memory input = abi.encodeCall(chain.verify, (row.proof, row.root, address(0)));
        // As bytes, since a row has an app id of 32, which no address can hold.
        bytes32 appId = row.appId.length == 20
            ? bytes32(uint256(uint160(bytes20(row.appId))))
            : bytes32(row.appId);
        assembly ("memory-safe") {
            mstore(add(input, add(32, add(4, 64))), appId)
        }
        (bool ok, bytes memory answer) = address(chain).staticcall(input);
        if (ok) derived = abi.decode(answer, (address));
    }

    function chainNamed(string memory name) private view returns (string memory path) {
        for (uint256 i = 0; i < countOf("chains"); i++) {
            path = item("chains", i);
            if (keccak256(bytes(text(path, "name"))) == keccak256(bytes(name))) return path;
        }
        revert("no chain of that name");
    }

    function countOf(string memory list) private view returns (uint256 count) {
        while (vm.keyExistsJson(json, item(list, count))) count++;
    }

    function item(string memory list, uint256 i) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(i), "]");
    }

    function has(string memory path, string memory key) private view returns (bool) {
        return vm.keyExistsJson(json, string.concat(path, ".", key));
    }

    function text(string memory path, string memory key) private view returns (string memory) {
        return vm.parseJsonString(json, string.concat(path, ".", key));
    }

    function hexOf(string memory path, string memory key) private view returns (bytes memory) {
        return vm.parseBytes(string.concat("0x", text(path, key)));
    }

    function changed(string memory path, string memory key, bytes memory otherwise)
        private
        view
        returns (bytes memory)
    {
        return has(path, key) ? hexOf(path, key) : otherwise;
    }
}
