// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title What a guardian may do with an app
interface IPausable {
    /// @notice Release no keys for a while.
    function pause() external;
}

/// @title A guardian of several people, of whom each can pause
/// @notice It has one call, and no way to make another: it cannot propose, activate, cancel, end a
/// pause or name another guardian, whatever the app would let it. The people are fixed; other people
/// are another contract, which the app's owner names after the app's notice.
contract PauseGuardian {
    /// @notice Nobody could ever pause.
    error PauseGuardianNoMembers();
    /// @notice The caller is not one of the guardians.
    error PauseGuardianNotMember(address caller);

    /// @notice `member` has paused `app`.
    event PausedBy(address indexed app, address indexed member);

    /// @notice May this address pause?
    mapping(address member => bool) public isMember;
    address[] private _members;

    /// @param members_ Who may pause
    constructor(address[] memory members_) {
        if (members_.length == 0) revert PauseGuardianNoMembers();
        for (uint256 i = 0; i < members_.length; i++) {
            isMember[members_[i]] = true;
        }
        _members = members_;
    }

    /// @notice All who may pause.
    function members() external view returns (address[] memory) {
        return _members;
    }

    /// @notice Pause an app that has this contract as its guardian.
    function pause(IPausable app) external {
        if (!isMember[msg.sender]) revert PauseGuardianNotMember(msg.sender);
        emit PausedBy(address(app), msg.sender);
        app.pause();
    }
}
