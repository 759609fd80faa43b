// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {PeerSetHashHarness} from "./PeerSetHashHarness.sol";
import {Test} from "./Test.sol";
import {Vm} from "./Vm.sol";

contract PeerSetHashTest is Test {
    uint256 private constant P = 2 ** 256 - 2 ** 32 - 977;
    PeerSetHashHarness private _set = new PeerSetHashHarness();

    function theSum() private view returns (bytes32) {
        (uint256 x, uint256 y) = _set.sum();
        return keccak256(abi.encode(x, y));
    }

    /// @dev The runner multiplies with a library of its own: key k has the point k times G.
    function testFuzz_pointsAreAddedAsOnSecp256k1(uint256 a, uint256 b) public {
        a = bound(a, 1, type(uint128).max);
        b = bound(b, 1, type(uint128).max);
        checkSum(a, b);
    }

    function test_aPointIsAddedToItself() public {
        checkSum(1, 1);
        checkSum(7, 7);
    }

    function checkSum(uint256 a, uint256 b) private {
        Vm.Wallet memory p = vm.createWallet(a);
        Vm.Wallet memory q = vm.createWallet(b);
        Vm.Wallet memory expected = vm.createWallet(a + b);
        (uint256 x, uint256 y) = _set.plus(p.publicKeyX, p.publicKeyY, q.publicKeyX, q.publicKeyY);
        assertEq(x, expected.publicKeyX);
        assertEq(y, expected.publicKeyY);
    }

    function test_aPointAndItsMirrorAddUpToNothing() public {
        Vm.Wallet memory p = vm.createWallet(5);
        (uint256 x, uint256 y) =
            _set.plus(p.publicKeyX, p.publicKeyY, p.publicKeyX, P - p.publicKeyY);
        assertEq(x, 0);
        assertEq(y, 0);
    }

    function testFuzz_aMembersPointIsOnTheCurveWithEvenY(bytes32 member) public view {
        (uint256 x, uint256 y) = _set.pointOf(member);
        assertLt(x, P);
        assertEq(mulmod(y, y, P), addmod(mulmod(mulmod(x, x, P), x, P), 7, P));
        assertEq(y & 1, 0);
    }

    function testFuzz_theOrderOfMembersDoesNotMatter(bytes32 a, bytes32 b, bytes32 c) public {
        _set.add(a);
        _set.add(b);
        _set.add(c);
        bytes32 first = theSum();
        _set = new PeerSetHashHarness();
        _set.add(c);
        _set.add(a);
        _set.add(b);
        assertEq(theSum(), first);
    }

    function testFuzz_whatIsTakenAwayLeavesNoTrace(bytes32[8] memory members) public {
        for (uint256 i = 1; i < members.length; i++) {
            _set.add(members[i]);
        }
        bytes32 without = theSum();
        _set.add(members[0]);
        _set.remove(members[0]);
        assertEq(theSum(), without);
        for (uint256 i = 1; i < members.length; i++) {
            _set.remove(members[i]);
        }
        assertEq(theSum(), keccak256(abi.encode(0, 0)));
    }

    // The vectors were made by a program of its own, in plain integers.

    function test_theVectorsHold() public {
        string memory json = vm.readFile("../tests/vectors/peers-digest.json");
        for (uint256 i = 0; exists(json, set(i)); i++) {
            checkSet(json, set(i));
        }
        assertTrue(exists(json, set(4)), "vectors are missing");
    }

    function checkSet(string memory json, string memory path) private {
        _set = new PeerSetHashHarness();
        uint256 count = vm.parseJsonUint(json, string.concat(path, ".count"));
        for (uint256 i = 0; i < count; i++) {
            string memory peer = string.concat(path, ".peers[", vm.toString(i), "]");
            bytes32 member = memberOf(json, peer);
            assertEq(member, word(json, peer, ".member"));
            (uint256 x, uint256 y) = _set.pointOf(member);
            assertEq(bytes32(x), word(json, peer, ".x"));
            assertEq(bytes32(y), word(json, peer, ".y"));
            _set.add(member);
        }
        assertEq(_set.digest(count), word(json, path, ".digest"));
    }

    function memberOf(string memory json, string memory peer) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Peer(uint256 tokenId,address appId,address instanceId,uint8 networkType,uint256 leaseUntil,bytes32 wireguardKey,string endpoint)"
                ),
                vm.parseJsonUint(json, string.concat(peer, ".tokenId")),
                address(bytes20(raw(json, peer, ".appId"))),
                address(bytes20(raw(json, peer, ".instanceId"))),
                vm.parseJsonUint(json, string.concat(peer, ".networkType")),
                vm.parseJsonUint(json, string.concat(peer, ".leaseUntil")),
                word(json, peer, ".wireguardKey"),
                keccak256(bytes(vm.parseJsonString(json, string.concat(peer, ".endpoint"))))
            )
        );
    }

    function set(uint256 i) private pure returns (string memory) {
        return string.concat(".sets[", vm.toString(i), "]");
    }

    function exists(string memory json, string memory path) private view returns (bool) {
        return vm.keyExistsJson(json, path);
    }

    function raw(string memory json, string memory path, string memory key)
        private
        pure
        returns (bytes memory)
    {
        return
            vm.parseBytes(string.concat("0x", vm.parseJsonString(json, string.concat(path, key))));
    }

    function word(string memory json, string memory path, string memory key)
        private
        pure
        returns (bytes32)
    {
        return bytes32(raw(json, path, key));
    }
}
