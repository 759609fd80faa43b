// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title What dstack's own DstackApp has of code: its owner allows it, at once
contract PlainApp {
    error OwnableUnauthorizedAccount(address account);

    address public owner;
    mapping(bytes32 => bool) public allowedComposeHashes;

    function addComposeHash(bytes32 composeHash) external {
        if (msg.sender != owner) revert OwnableUnauthorizedAccount(msg.sender);
        allowedComposeHashes[composeHash] = true;
    }
}
