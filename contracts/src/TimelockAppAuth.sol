// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {AppAuthHistory} from "./appauth/AppAuthHistory.sol";
import {AppAuthState} from "./appauth/AppAuthState.sol";
import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @title An app's rules, none of which changes without notice
/// @notice dstack derives an app's keys from the address of this contract: every code ever allowed
/// here gets every user's key. So the time between a proposal and its activation is what protects
/// users, who can leave in it. Whatever would widen or narrow who may have the keys waits: code,
/// devices, the platform's status, the guardian, the notice itself.
///
/// Each change is proposed by the owner, waits for the longer of the notice then and the notice now,
/// and is then activated by anyone until the proposal expires. Three things are at once: a longer
/// notice, the end of upgrades, and a pause.
///
/// The guardian can pause, nothing else. A pause ends by itself, and a rest as long must follow it.
/// Nothing is activated in a pause, and it stops the clock of every notice, so it cannot eat the time
/// to leave. Only the removal of code goes on in it: code that the guardian has stopped can be gone
/// before the pause ends.
/// So a guardian in league with the owner can end the exit of running code: users who rely on it
/// should know who the guardian is.
///
/// There is no proxy and no call to other code: what is deployed stays.
/// @dev Storage: slots 0 to 3 in AppAuthState, 4 to 7 in AppAuthHistory, 8 and 9 owner and pending
/// owner, 9 also noticePeriod from byte 20, 10 pausedSeconds, 11 proposals.
contract TimelockAppAuth is AppAuthState, AppAuthHistory, Ownable2Step {
    /// @param minimumNotice The notice is never shorter; at least 1 second
    /// @param notice First notice, in seconds
    /// @param exitWindow How long code stays after its removal was proposed, in seconds; at least
    /// minimumNotice. A longer notice counts for removals too.
    /// @param proposalLifetime How long a proposal can be activated once it is due, in seconds
    /// @param pauseLength How long the guardian can pause, and must then rest, in seconds
    /// @param allowAnyDevice May any device run the app from the beginning?
    /// @param requireTcbUpToDate Must the platform be up to date from the beginning?
    /// @param composeHash The code that is allowed from the beginning, before there are users; 0: none
    /// @param deviceId The device that is allowed from the beginning; 0: none
    struct Config {
        uint64 minimumNotice;
        uint64 notice;
        uint64 exitWindow;
        uint64 proposalLifetime;
        uint64 pauseLength;
        bool allowAnyDevice;
        bool requireTcbUpToDate;
        bytes32 composeHash;
        bytes32 deviceId;
    }

    struct Proposal {
        uint64 proposedAt;
        uint64 pausedBefore;
        uint64 delay;
    }

    /// @notice `period` is not from `least` to `most` seconds.
    error AppAuthBadPeriod(uint256 period, uint256 least, uint256 most);
    /// @notice The change cannot be proposed: it is at once, by a call of its own.
    error AppAuthNotProposable(Change change);
    /// @notice No such value for this change: zero, neither 0 nor 1, no address, out of range.
    error AppAuthBadValue(Change change, bytes32 value);
    /// @notice It is so already.
    error AppAuthNoChange(Change change, bytes32 value);
    /// @notice Code that was removed stays removed, or its version number would lie.
    error AppAuthRetired(bytes32 composeHash, uint256 version);
    /// @notice The same proposal is pending.
    error AppAuthAlreadyProposed(Change change, bytes32 value);
    /// @notice Never proposed, cancelled, activated, or made void by the end of upgrades.
    error AppAuthNotProposed(Change change, bytes32 value);
    /// @notice The notice has not passed.
    error AppAuthTooEarly(Change change, bytes32 value, uint256 activatesAt);
    /// @notice The proposal was not activated in time.
    error AppAuthExpired(Change change, bytes32 value, uint256 expiredAt);
    /// @notice No code is added any more.
    error AppAuthUpgradesDisabled();
    /// @notice Only the guardian may.
    error AppAuthNotGuardian(address caller);
    /// @notice Not before the pause is over.
    error AppAuthPaused(uint256 until);
    /// @notice There is no pause to end.
    error AppAuthNotPaused();
    /// @notice The guardian may not pause again before `until`.
    error AppAuthGuardianRests(uint256 until);

    /// @notice As in dstack's own contract.
    event ComposeHashAdded(bytes32 composeHash);
    /// @notice As in dstack's own contract.
    event ComposeHashRemoved(bytes32 composeHash);
    /// @notice As in dstack's own contract.
    event DeviceAdded(bytes32 deviceId);
    /// @notice As in dstack's own contract.
    event DeviceRemoved(bytes32 deviceId);
    /// @notice As in dstack's own contract.
    event AllowAnyDeviceSet(bool allowAny);
    /// @notice As in dstack's own contract.
    event RequireTcbUpToDateSet(bool requireUpToDate);
    /// @notice As in dstack's own contract, but here it ends new code, not only new logic.
    event UpgradesDisabled();
    /// @notice As in the contract of dstack's tutorial.
    event ComposeHashProposed(bytes32 indexed hash, uint256 activatesAt);
    /// @notice As in the contract of dstack's tutorial.
    event ComposeHashActivated(bytes32 indexed hash);
    /// @notice As in the contract of dstack's tutorial.
    event ComposeHashCancelled(bytes32 indexed hash);
    event GuardianSet(address guardian);
    event NoticePeriodSet(uint256 noticePeriod);
    event Paused(uint256 until);
    event Unpaused();

    /// @notice No period is longer, in seconds: a slip of the owner shall not end all change.
    uint64 public constant MAX_PERIOD = 365 days;

    /// @notice The notice is never shorter, in seconds.
    uint64 public immutable minimumNotice;
    /// @notice Code stays at least so long after its removal was proposed, in seconds.
    uint64 public immutable exitWindow;
    /// @notice A proposal can be activated so long after it is due, in seconds.
    uint64 public immutable proposalLifetime;
    /// @notice The longest pause, and the shortest rest after it, in seconds.
    uint64 public immutable pauseLength;

    uint64 private _noticePeriod;
    /// @dev All pauses up to now, one that runs to its end included.
    uint64 private _pausedSeconds;
    mapping(bytes32 id => Proposal) private _proposals;

    /// @param owner_ Who proposes, cancels, lengthens the notice, ends a pause, ends upgrades
    /// @param guardian_ Who can pause; zero: nobody
    constructor(address owner_, address guardian_, Config memory config) Ownable(owner_) {
        _requirePeriod(config.minimumNotice, 1);
        _requirePeriod(config.notice, config.minimumNotice);
        _requirePeriod(config.exitWindow, config.minimumNotice);
        _requirePeriod(config.proposalLifetime, 1);
        _requirePeriod(config.pauseLength, 1);
        minimumNotice = config.minimumNotice;
        exitWindow = config.exitWindow;
        proposalLifetime = config.proposalLifetime;
        pauseLength = config.pauseLength;
        _apply(Change.SetNotice, bytes32(uint256(config.notice)));
        _apply(Change.SetGuardian, _toValue(guardian_));
        _apply(Change.SetAllowAnyDevice, _toValue(config.allowAnyDevice));
        _apply(Change.SetRequireTcbUpToDate, _toValue(config.requireTcbUpToDate));
        if (config.composeHash != 0) _apply(Change.AddComposeHash, config.composeHash);
        if (config.deviceId != 0) _apply(Change.AddDevice, config.deviceId);
    }

    /// @notice Announce new code.
    function proposeComposeHash(bytes32 composeHash) external {
        propose(Change.AddComposeHash, composeHash);
    }

    /// @notice Allow code whose notice has passed. Anyone may.
    function activateComposeHash(bytes32 composeHash) external {
        activate(Change.AddComposeHash, composeHash);
    }

    /// @notice Take back the announcement of new code.
    function cancelProposal(bytes32 composeHash) external {
        cancel(Change.AddComposeHash, composeHash);
    }

    /// @notice Announce that code will go.
    function proposeRemoval(bytes32 composeHash) external {
        propose(Change.RemoveComposeHash, composeHash);
    }

    /// @notice Remove code whose exit window has passed. Anyone may, in a pause too.
    function removeComposeHash(bytes32 composeHash) external {
        activate(Change.RemoveComposeHash, composeHash);
    }

    /// @notice Keep code after all.
    function cancelRemoval(bytes32 composeHash) external {
        cancel(Change.RemoveComposeHash, composeHash);
    }

    /// @notice Announce a change.
    /// @param value A compose hash, a device id, 0 or 1 for the two settings, an address (0: no
    /// guardian), or the seconds of a shorter notice
    function propose(Change change, bytes32 value) public onlyOwner {
        if (change > Change.SetNotice) revert AppAuthNotProposable(change);
        _requireSensible(change, value);
        Proposal storage proposal = _proposals[_id(change, value)];
        if (_isLive(change, proposal)) revert AppAuthAlreadyProposed(change, value);
        proposal.proposedAt = uint64(block.timestamp);
        proposal.pausedBefore = _pausedSeconds - _pauseLeft();
        proposal.delay = _delay(change);
        _record(Action.Proposed, change, value);
        if (change == Change.AddComposeHash) {
            emit ComposeHashProposed(value, _dueAt(change, proposal));
        }
    }

    /// @notice Take a proposal back, be it expired or not.
    function cancel(Change change, bytes32 value) public onlyOwner {
        _take(change, value);
        _record(Action.Cancelled, change, value);
        if (change == Change.AddComposeHash) emit ComposeHashCancelled(value);
    }

    /// @notice Make a change whose time has come. Anyone may.
    function activate(Change change, bytes32 value) public {
        if (change != Change.RemoveComposeHash) _requireNotPaused();
        if (change == Change.AddComposeHash && upgradesDisabled) revert AppAuthUpgradesDisabled();
        Proposal memory proposal = _take(change, value);
        uint256 due = _dueAt(change, proposal);
        if (block.timestamp < due) revert AppAuthTooEarly(change, value, due);
        uint256 end = due + proposalLifetime;
        if (block.timestamp >= end) revert AppAuthExpired(change, value, end);
        _apply(change, value);
        if (change == Change.AddComposeHash) emit ComposeHashActivated(value);
    }

    /// @notice Make the notice longer, at once. It counts for what is pending, too.
    function increaseNotice(uint64 newNotice) external onlyOwner {
        _requirePeriod(newNotice, _noticePeriod + 1);
        _apply(Change.SetNotice, bytes32(uint256(newNotice)));
    }

    /// @notice No new code, for ever. What is allowed stays so until it is removed.
    function disableUpgrades() external onlyOwner {
        if (upgradesDisabled) revert AppAuthUpgradesDisabled();
        upgradesDisabled = true;
        _record(Action.Done, Change.DisableUpgrades, 0);
        emit UpgradesDisabled();
    }

    /// @notice Release no keys for as long as `pauseLength`.
    function pause() external {
        if (msg.sender != guardian) revert AppAuthNotGuardian(msg.sender);
        _requireNotPaused();
        uint256 rested = uint256(pausedUntil) + pauseLength;
        if (pausedUntil != 0 && block.timestamp < rested) revert AppAuthGuardianRests(rested);
        pausedUntil = uint64(block.timestamp) + pauseLength;
        _pausedSeconds += pauseLength;
        _record(Action.Done, Change.Pause, bytes32(uint256(pausedUntil)));
        emit Paused(pausedUntil);
    }

    /// @notice End a pause early.
    function unpause() external onlyOwner {
        if (!paused()) revert AppAuthNotPaused();
        _pausedSeconds -= _pauseLeft();
        pausedUntil = uint64(block.timestamp);
        _record(Action.Done, Change.Unpause, 0);
        emit Unpaused();
    }

    /// @notice How long a change waits, in seconds.
    function noticePeriod() external view returns (uint256) {
        return _noticePeriod;
    }

    /// @notice How long the app was paused in all, in seconds; a pause that runs counts to its end.
    function pausedSeconds() external view returns (uint256) {
        return _pausedSeconds;
    }

    /// @notice When code can be activated, unless the contract is paused then; 0 if no live proposal
    /// is pending. A pause or a longer notice moves it later.
    function activatesAt(bytes32 composeHash) external view returns (uint256 time) {
        (, time,) = pending(Change.AddComposeHash, composeHash);
    }

    /// @notice When code was proposed; 0 if no live proposal is pending.
    function proposedAt(bytes32 composeHash) external view returns (uint256 time) {
        (time,,) = pending(Change.AddComposeHash, composeHash);
    }

    /// @notice When code can be removed; 0 if no live proposal of it is pending.
    function removableAt(bytes32 composeHash) external view returns (uint256 time) {
        (, time,) = pending(Change.RemoveComposeHash, composeHash);
    }

    /// @notice The times of a proposal, in Unix seconds; all 0 if no live one is pending.
    /// @return proposed When it was proposed
    /// @return due From when on it can be activated, unless the contract is paused then
    /// @return expires From when on it cannot
    function pending(Change change, bytes32 value)
        public
        view
        returns (uint256 proposed, uint256 due, uint256 expires)
    {
        Proposal memory proposal = _proposals[_id(change, value)];
        if (!_isLive(change, proposal)) return (0, 0, 0);
        due = _dueAt(change, proposal);
        return (proposal.proposedAt, due, due + proposalLifetime);
    }

    /// @dev In the history, too; called by the constructor of Ownable.
    function _transferOwnership(address newOwner) internal override {
        super._transferOwnership(newOwner);
        _record(Action.Done, Change.SetOwner, _toValue(newOwner));
    }

    /// @dev Removes a proposal that exists, live or expired.
    function _take(Change change, bytes32 value) private returns (Proposal memory proposal) {
        bytes32 id = _id(change, value);
        proposal = _proposals[id];
        if (proposal.proposedAt == 0) revert AppAuthNotProposed(change, value);
        delete _proposals[id];
    }

    function _apply(Change change, bytes32 value) private {
        _record(Action.Done, change, value);
        if (change == Change.AddComposeHash) _addComposeHash(value);
        else if (change == Change.RemoveComposeHash) _removeComposeHash(value);
        else if (change == Change.AddDevice) _addDevice(value);
        else if (change == Change.RemoveDevice) _removeDevice(value);
        else if (change == Change.SetAllowAnyDevice) _setAllowAnyDevice(value != 0);
        else if (change == Change.SetRequireTcbUpToDate) _setRequireTcbUpToDate(value != 0);
        else if (change == Change.SetGuardian) _setGuardian(address(uint160(uint256(value))));
        else _setNotice(uint64(uint256(value)));
    }

    function _addComposeHash(bytes32 composeHash) private {
        allowedComposeHashes[composeHash] = true;
        _addVersion(composeHash);
        emit ComposeHashAdded(composeHash);
    }

    function _removeComposeHash(bytes32 composeHash) private {
        allowedComposeHashes[composeHash] = false;
        _retireVersion(composeHash);
        emit ComposeHashRemoved(composeHash);
    }

    function _addDevice(bytes32 deviceId) private {
        allowedDeviceIds[deviceId] = true;
        emit DeviceAdded(deviceId);
    }

    function _removeDevice(bytes32 deviceId) private {
        allowedDeviceIds[deviceId] = false;
        emit DeviceRemoved(deviceId);
    }

    function _setAllowAnyDevice(bool allow) private {
        allowAnyDevice = allow;
        emit AllowAnyDeviceSet(allow);
    }

    function _setRequireTcbUpToDate(bool require_) private {
        requireTcbUpToDate = require_;
        emit RequireTcbUpToDateSet(require_);
    }

    function _setGuardian(address guardian_) private {
        guardian = guardian_;
        emit GuardianSet(guardian_);
    }

    function _setNotice(uint64 notice) private {
        _noticePeriod = notice;
        emit NoticePeriodSet(notice);
    }

    /// @dev Is the value one that the change can have, and not what already is?
    function _requireSensible(Change change, bytes32 value) private view {
        if (!_isPossible(change, value)) revert AppAuthBadValue(change, value);
        if (change == Change.AddComposeHash) {
            if (upgradesDisabled) revert AppAuthUpgradesDisabled();
            uint256 version = versionOf[value];
            bool retired = version != 0 && !allowedComposeHashes[value];
            if (retired) revert AppAuthRetired(value, version);
        }
        if (_isSo(change, value)) revert AppAuthNoChange(change, value);
    }

    function _isPossible(Change change, bytes32 value) private view returns (bool) {
        uint256 number = uint256(value);
        if (change <= Change.RemoveDevice) return number != 0;
        if (change <= Change.SetRequireTcbUpToDate) return number <= 1;
        if (change == Change.SetGuardian) return number <= type(uint160).max;
        // A longer notice needs no proposal.
        return number >= minimumNotice && number <= _noticePeriod;
    }

    function _isSo(Change change, bytes32 value) private view returns (bool) {
        if (change == Change.AddComposeHash) return allowedComposeHashes[value];
        if (change == Change.RemoveComposeHash) return !allowedComposeHashes[value];
        if (change == Change.AddDevice) return allowedDeviceIds[value];
        if (change == Change.RemoveDevice) return !allowedDeviceIds[value];
        if (change == Change.SetAllowAnyDevice) return _toValue(allowAnyDevice) == value;
        if (change == Change.SetRequireTcbUpToDate) return _toValue(requireTcbUpToDate) == value;
        if (change == Change.SetGuardian) return _toValue(guardian) == value;
        return uint256(value) == _noticePeriod;
    }

    /// @dev Was it proposed, is it not expired, and can it still be activated?
    function _isLive(Change change, Proposal memory proposal) private view returns (bool) {
        if (proposal.proposedAt == 0) return false;
        if (change == Change.AddComposeHash && upgradesDisabled) return false;
        return block.timestamp < _dueAt(change, proposal) + proposalLifetime;
    }

    /// @dev Neither earlier than the proposal promised, nor than the notice of today would have it.
    function _dueAt(Change change, Proposal memory proposal) private view returns (uint256) {
        uint64 delay = _delay(change);
        uint256 due = proposal.proposedAt + (delay > proposal.delay ? delay : proposal.delay);
        if (change == Change.RemoveComposeHash) return due;
        return due + _pausedSeconds - proposal.pausedBefore;
    }

    function _delay(Change change) private view returns (uint64) {
        if (change != Change.RemoveComposeHash) return _noticePeriod;
        return exitWindow > _noticePeriod ? exitWindow : _noticePeriod;
    }

    function _pauseLeft() private view returns (uint64) {
        return paused() ? pausedUntil - uint64(block.timestamp) : 0;
    }

    function _requireNotPaused() private view {
        if (paused()) revert AppAuthPaused(pausedUntil);
    }

    function _requirePeriod(uint64 period, uint64 least) private pure {
        if (period < least || period > MAX_PERIOD) {
            revert AppAuthBadPeriod(period, least, MAX_PERIOD);
        }
    }

    function _id(Change change, bytes32 value) private pure returns (bytes32) {
        return keccak256(abi.encode(change, value));
    }

    function _toValue(bool flag) private pure returns (bytes32) {
        return bytes32(flag ? uint256(1) : 0);
    }

    function _toValue(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
