// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {DstackClusterNFT} from "../../src/DstackClusterNFT.sol";
import {SignatureChain} from "../../src/SignatureChain.sol";
import {ClusterPeers} from "../../src/cluster/ClusterPeers.sol";
import {ClusterFixture} from "../ClusterFixture.sol";

/// @dev What is measured is ready before a test begins, so that no slot is warm by then.
contract DstackClusterNFTGas is ClusterFixture {
    uint256 private constant LIMIT = 250_000;
    uint256 private constant SEATS = 40;

    DstackClusterNFT private _fresh;
    bytes private _first;
    bytes private _gateway;
    bytes private _tunnel;
    bytes private _renewal;

    function setUp() public {
        prepare();
        _fresh = cluster;
        ClusterPeers.Voucher memory voucher = tunnelFor(mint(alice, nodeA));
        _first = abi.encodeCall(cluster.registerPeer, (voucher, sign(voucher), chain()));

        deploy(makeSetup());
        for (uint256 i = 1; i <= SEATS; i++) {
            mint(makeAddr(vm.toString(i)), makeAddr(string.concat("node ", vm.toString(i))));
            if (i < SEATS - 1) register(i);
        }
        SignatureChain.Proof memory none;
        voucher = voucherFor(SEATS - 1);
        voucher.endpoint = "https://0123456789abcdef0123456789abcdef01234567-8443s.gw.example.com";
        _gateway = abi.encodeCall(cluster.registerPeer, (voucher, sign(voucher), none));
        voucher = tunnelFor(SEATS);
        _tunnel = abi.encodeCall(cluster.registerPeer, (voucher, sign(voucher), none));
        (uint256 nonce, uint256 deadline, bytes memory signature) = renewalOf(7);
        _renewal = abi.encodeCall(cluster.renewLease, (7, nonce, deadline, signature));
    }

    /// @dev What a transaction costs, its base and its data included. The runner counts those two only
    /// if it makes a transaction of each call, as for its report.
    function transaction(DstackClusterNFT to, bytes memory data) private returns (uint256 used) {
        (bool ok,) = address(to).call(data);
        used = vm.lastCallGas().gasTotalUsed;
        assertTrue(ok);
        (ok,) = alice.call("");
        if (vm.lastCallGas().gasTotalUsed >= 21_000) return used;
        used += 21_000;
        for (uint256 i = 0; i < data.length; i++) {
            used += data[i] == 0 ? 4 : 16;
        }
    }

    function test_aGatewayRegistersBelow250000Gas() public {
        assertLe(transaction(cluster, _gateway), LIMIT);
    }

    function test_aTunnelRegistersBelow250000Gas() public {
        assertLe(transaction(cluster, _tunnel), LIMIT);
    }

    /// @dev Once in the life of a cluster: the key is proven, and the list has no slots yet.
    function test_theFirstOfAllRegistersBelow300000Gas() public {
        assertLe(transaction(_fresh, _first), 300_000);
    }

    function test_aRenewal() public {
        assertLe(transaction(cluster, _renewal), 120_000);
    }

    function test_aRevocation() public {
        vm.prank(owner);
        cluster.revoke(5, "reason");
    }

    function test_aSeat() public {
        mint(alice, nodeA);
    }

    function test_theListOfEndpoints() public view {
        cluster.getPeerEndpoints();
    }
}
