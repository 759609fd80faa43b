// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title All that ever happened to an app's rules, readable by calls
/// @notice Events can be withheld by whoever answers a log query. This list cannot: `historyDigest`
/// commits to all of it, and one storage proof of its slot proves any copy.
abstract contract AppAuthHistory {
    /// @notice What can change. Up to SetNotice a change needs a proposal; the others are at once.
    enum Change {
        AddComposeHash,
        RemoveComposeHash,
        AddDevice,
        RemoveDevice,
        SetAllowAnyDevice,
        SetRequireTcbUpToDate,
        SetGuardian,
        SetNotice,
        DisableUpgrades,
        Pause,
        Unpause,
        SetOwner
    }

    /// @notice Done is also what happened without a proposal.
    enum Action {
        Proposed,
        Cancelled,
        Done
    }

    /// @param time When, in Unix seconds
    /// @param action What was done about the change
    /// @param change What changes
    /// @param actor Who sent it
    /// @param value A hash, a device id, 0 or 1, an address or a number of seconds, as 32 bytes
    struct Entry {
        uint64 time;
        Action action;
        Change change;
        address actor;
        bytes32 value;
    }

    /// @param composeHash The code
    /// @param activatedAt When it became allowed, in Unix seconds
    /// @param retiredAt When it was removed; 0 if it is allowed
    struct Version {
        bytes32 composeHash;
        uint64 activatedAt;
        uint64 retiredAt;
    }

    /// @notice An entry of the history.
    event Recorded(
        uint256 indexed index,
        Action indexed action,
        Change indexed change,
        bytes32 value,
        address actor
    );

    /// @notice Slot 4: starts at zero; each entry makes it
    /// keccak256(abi.encode(digest before, time, action, change, actor, value)).
    bytes32 public historyDigest;

    Entry[] private _history;
    Version[] private _versions;

    /// @notice Number of a compose hash: 1 for the first code, more for later code, 0 for code that
    /// was never allowed. It stays when the code is removed. A verifier that has met number n takes
    /// nothing below.
    mapping(bytes32 composeHash => uint256 version) public versionOf;

    /// @notice How many entries the history has.
    function historyLength() external view returns (uint256) {
        return _history.length;
    }

    /// @notice A page of the history, oldest first.
    /// @param from Index of the first entry, from 0
    /// @param count How many at most; fewer come if the list ends
    function history(uint256 from, uint256 count) external view returns (Entry[] memory page) {
        page = new Entry[](_pageLength(_history.length, from, count));
        for (uint256 i = 0; i < page.length; i++) {
            page[i] = _history[from + i];
        }
    }

    /// @notice The highest version number so far: how many compose hashes were ever allowed.
    function latestVersion() public view returns (uint256) {
        return _versions.length;
    }

    /// @notice A page of all compose hashes ever allowed. Index i has version i + 1.
    /// @param from Index of the first, from 0
    /// @param count How many at most; fewer come if the list ends
    function versions(uint256 from, uint256 count) external view returns (Version[] memory page) {
        page = new Version[](_pageLength(_versions.length, from, count));
        for (uint256 i = 0; i < page.length; i++) {
            page[i] = _versions[from + i];
        }
    }

    function _record(Action action, Change change, bytes32 value) internal {
        uint64 time = uint64(block.timestamp);
        historyDigest =
            keccak256(abi.encode(historyDigest, time, action, change, msg.sender, value));
        emit Recorded(_history.length, action, change, value, msg.sender);
        _history.push(Entry(time, action, change, msg.sender, value));
    }

    function _addVersion(bytes32 composeHash) internal {
        _versions.push(Version(composeHash, uint64(block.timestamp), 0));
        versionOf[composeHash] = _versions.length;
    }

    function _retireVersion(bytes32 composeHash) internal {
        _versions[versionOf[composeHash] - 1].retiredAt = uint64(block.timestamp);
    }

    function _pageLength(uint256 length, uint256 from, uint256 count)
        private
        pure
        returns (uint256)
    {
        if (from >= length) return 0;
        return count < length - from ? count : length - from;
    }
}
