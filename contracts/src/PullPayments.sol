// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title What the contract owes, and to whom
/// @notice Nobody is ever paid in the course of somebody else's call: a payee that refuses its money
/// can only stop itself.
abstract contract PullPayments {
    /// @notice Nothing is owed to `account`.
    error PullPaymentsNothingOwed(address account);
    /// @notice Money for the zero address would be lost.
    error PullPaymentsNoPayee();

    /// @notice `amount` more is owed to `account`.
    event Credited(address indexed account, uint256 amount);
    /// @notice `amount` of what was owed to `account` goes to `to`.
    event Paid(address indexed account, address indexed to, uint256 amount);

    /// @notice What an account may take.
    mapping(address account => uint256 amount) public owed;

    function _credit(address account, uint256 amount) internal {
        if (amount == 0) return;
        owed[account] += amount;
        emit Credited(account, amount);
    }

    /// @dev All that is owed to the caller. The debt is gone before the money moves, so a payee that
    /// calls back finds nothing.
    function _payCaller(address payable to) internal {
        uint256 amount = owed[msg.sender];
        if (amount == 0) revert PullPaymentsNothingOwed(msg.sender);
        delete owed[msg.sender];
        _pay(to, amount);
    }

    /// @dev Only after the books are right. The recipient's own error is passed on.
    function _pay(address payable to, uint256 amount) internal {
        if (to == address(0)) revert PullPaymentsNoPayee();
        emit Paid(msg.sender, to, amount);
        Address.sendValue(to, amount);
    }
}
