// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "./SignatureChain.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title What an app of TimelockAppAuth says of code on its way
interface IProposals {
    /// @notice When the code can be activated; 0 if no live proposal of it is pending.
    function activatesAt(bytes32 composeHash) external view returns (uint256);
}

/// @title The users who do not want the next version of an app
/// @notice A user signs that code which an app has announced shall not have her key. Anyone submits
/// the signature and pays. She can do so until the code is activated; nobody can take it back, she
/// included, as nothing may lead her back into what she has left.
///
/// Only users of the app count: the KMS root vouches for the app's key, and that key for hers
/// (SignatureChain), under the purpose of wallets. Strangers can make addresses, not these.
///
/// This contract says who opted out. It stops no upgrade and moves no key: who hands keys to new
/// code reads it first.
///
/// The proposal has the name of the code: its compose hash. If the code is proposed anew after it
/// was cancelled or has expired, whoever has opted out of it is still out.
/// @dev The list of an app and a compose hash is a Merkle tree of DEPTH levels, by which one root
/// commits to who is in it and in which order:
///
///     leaf   keccak256(keccak256(abi.encode(app, composeHash, user))), 0 where there is none yet
///     node   keccak256(left . right)
///
/// Storage: EIP712 has slots 0 and 1. A list lies at r = keccak256(composeHash . keccak256(app . 2)):
/// r + 0 root, r + 1 how many, r + 2 the positions, at keccak256(user . (r + 2)). One storage proof
/// of the last says whether a user is in the list.
contract UserConsent is EIP712 {
    /// @notice Levels of the tree: a list has up to 2 ** DEPTH users.
    uint256 public constant DEPTH = 20;

    /// @param user Whose key the code shall not have
    /// @param app Whose code it is: the app's contract, which is its app id
    /// @param composeHash The proposed code
    /// @param deadline Last second at which this can be submitted, Unix time
    struct OptOut {
        address user;
        address app;
        bytes32 composeHash;
        uint256 deadline;
    }

    /// @param request What the user has signed
    /// @param signature By the user over EIP-712 of the request: r, s, v, 65 bytes
    /// @param proof The KMS root vouches for the user's key as one of the app's
    struct Submission {
        OptOut request;
        bytes signature;
        SignatureChain.Proof proof;
    }

    struct List {
        bytes32 root;
        address[] users;
        /// Where in users, from 1; 0: not there.
        mapping(address user => uint256 position) positions;
        /// For each level the last complete left half, which the next leaves stand beside.
        bytes32[DEPTH] halves;
    }

    /// @notice No address of a KMS root.
    error UserConsentNoRoot();
    /// @notice The signature came too late.
    error UserConsentExpired(uint256 deadline, uint256 time);
    /// @notice There is no contract at the address of the app.
    error UserConsentNoApp(address app);
    /// @notice The app has announced no such code, or it is activated, cancelled or expired.
    error UserConsentNotPending(address app, bytes32 composeHash);
    /// @notice The chain is not that of a wallet's key.
    error UserConsentNotAWallet(string purpose);
    /// @notice The chain is that of another key.
    error UserConsentNotTheUser(address derived, address user);
    /// @notice Another key has signed, or another text: other values, another contract or chain.
    error UserConsentWrongSigner(address signer, address user);
    /// @notice This user is in the list.
    error UserConsentAlreadyOut(address app, bytes32 composeHash, address user);
    /// @notice This user is not in the list.
    error UserConsentNotOut(address app, bytes32 composeHash, address user);
    /// @notice The tree is full.
    error UserConsentFull(address app, bytes32 composeHash);

    /// @notice A user opted out; `position` in the list, from 0, and the new root.
    event OptedOut(
        address indexed app,
        bytes32 indexed composeHash,
        address indexed user,
        uint256 position,
        bytes32 root
    );

    /// @notice EIP-712 type hash of what users sign.
    bytes32 public constant OPT_OUT_TYPEHASH =
        keccak256("OptOut(address user,address app,bytes32 composeHash,uint256 deadline)");
    /// @dev keccak256 of "ethereum", the purpose under which dstack derives wallets.
    bytes32 private constant WALLET_PURPOSE = keccak256("ethereum");

    /// @notice Address of the KMS root key, fixed for the life of the contract.
    address public immutable kmsRoot;

    mapping(address app => mapping(bytes32 composeHash => List)) private _lists;

    /// @param kmsRoot_ Address of the KMS root key that vouches for the apps' keys
    constructor(address kmsRoot_) EIP712("devproof UserConsent", "1") {
        if (kmsRoot_ == address(0)) revert UserConsentNoRoot();
        kmsRoot = kmsRoot_;
    }

    /// @notice Put a user on the list. Anyone may send it: the signature is the authority.
    function optOut(Submission calldata submission) external {
        OptOut calldata request = submission.request;
        if (optedOut(request.app, request.composeHash, request.user)) {
            revert UserConsentAlreadyOut(request.app, request.composeHash, request.user);
        }
        _check(submission);
        _add(request);
    }

    /// @notice Put several users on their lists. Those who are there already are passed over, so
    /// that nobody can make the others fail by sending one of them ahead.
    function optOutMany(Submission[] calldata submissions) external {
        for (uint256 i = 0; i < submissions.length; i++) {
            OptOut calldata request = submissions[i].request;
            if (optedOut(request.app, request.composeHash, request.user)) continue;
            _check(submissions[i]);
            _add(request);
        }
    }

    /// @notice What a user signs.
    function digestOf(OptOut calldata request) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    OPT_OUT_TYPEHASH,
                    request.user,
                    request.app,
                    request.composeHash,
                    request.deadline
                )
            )
        );
    }

    /// @notice The domain of what users sign, as EIP-712 hashes it.
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @notice Has the user opted out of this code?
    function optedOut(address app, bytes32 composeHash, address user) public view returns (bool) {
        return _lists[app][composeHash].positions[user] != 0;
    }

    /// @notice How many users have.
    function count(address app, bytes32 composeHash) external view returns (uint256) {
        return _lists[app][composeHash].users.length;
    }

    /// @notice Root of the tree of these users; 0 while there are none.
    function root(address app, bytes32 composeHash) external view returns (bytes32) {
        return _lists[app][composeHash].root;
    }

    /// @notice A page of the list, in the order in which they came.
    /// @param from Position of the first, from 0
    /// @param most How many at most; fewer come if the list ends
    function users(address app, bytes32 composeHash, uint256 from, uint256 most)
        external
        view
        returns (address[] memory page)
    {
        address[] storage all = _lists[app][composeHash].users;
        uint256 left = from < all.length ? all.length - from : 0;
        page = new address[](most < left ? most : left);
        for (uint256 i = 0; i < page.length; i++) {
            page[i] = all[from + i];
        }
    }

    /// @notice Is the user in the list, by a proof alone?
    /// @param position In the list, from 0
    /// @param proof The other node at each level, lowest first
    function verify(
        address app,
        bytes32 composeHash,
        address user,
        uint256 position,
        bytes32[DEPTH] calldata proof
    ) external view returns (bool) {
        List storage list = _lists[app][composeHash];
        if (position >= list.users.length) return false;
        return rootOf(leafOf(app, composeHash, user), position, proof) == list.root;
    }

    /// @notice A proof for one user, for `verify` or for who has the root from elsewhere.
    /// @dev Reads the whole list: to be called, not to be sent. Some 10,000 users fit into what nodes
    /// allow a call; for more, make the tree from `users`.
    function proofOf(address app, bytes32 composeHash, address user)
        external
        view
        returns (uint256 position, bytes32[DEPTH] memory proof)
    {
        List storage list = _lists[app][composeHash];
        position = list.positions[user];
        if (position == 0) revert UserConsentNotOut(app, composeHash, user);
        position--;
        bytes32[] memory nodes = new bytes32[](list.users.length);
        for (uint256 i = 0; i < nodes.length; i++) {
            nodes[i] = leafOf(app, composeHash, list.users[i]);
        }
        _climb(nodes, position, proof);
    }

    /// @notice The root that a leaf, its position and its proof lead to.
    function rootOf(bytes32 leaf, uint256 position, bytes32[DEPTH] calldata proof)
        public
        pure
        returns (bytes32 node)
    {
        node = leaf;
        for (uint256 level = 0; level < DEPTH; level++) {
            node = position >> level & 1 == 0
                ? Hashes.efficientKeccak256(node, proof[level])
                : Hashes.efficientKeccak256(proof[level], node);
        }
    }

    /// @notice The leaf of a user. Hashed twice, so that no leaf can pass for a node.
    function leafOf(address app, bytes32 composeHash, address user) public pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(app, composeHash, user))));
    }

    function _check(Submission calldata submission) private view {
        OptOut calldata request = submission.request;
        if (block.timestamp > request.deadline) {
            revert UserConsentExpired(request.deadline, block.timestamp);
        }
        if (request.app.code.length == 0) revert UserConsentNoApp(request.app);
        if (IProposals(request.app).activatesAt(request.composeHash) == 0) {
            revert UserConsentNotPending(request.app, request.composeHash);
        }
        address signer = SignatureChain.recover(digestOf(request), submission.signature);
        if (signer != request.user) revert UserConsentWrongSigner(signer, request.user);
        if (keccak256(bytes(submission.proof.purpose)) != WALLET_PURPOSE) {
            revert UserConsentNotAWallet(submission.proof.purpose);
        }
        address derived = SignatureChain.verify(submission.proof, kmsRoot, request.app);
        if (derived != request.user) revert UserConsentNotTheUser(derived, request.user);
    }

    function _add(OptOut calldata request) private {
        List storage list = _lists[request.app][request.composeHash];
        uint256 position = list.users.length;
        if (position == 2 ** DEPTH) revert UserConsentFull(request.app, request.composeHash);
        list.users.push(request.user);
        list.positions[request.user] = position + 1;
        bytes32 leaf = leafOf(request.app, request.composeHash, request.user);
        list.root = _append(list.halves, leaf, position);
        emit OptedOut(request.app, request.composeHash, request.user, position, list.root);
    }

    /// @dev Root of the tree with one leaf more. What is right of the leaf is empty; what is left of
    /// it was kept when its own last leaf came.
    function _append(bytes32[DEPTH] storage halves, bytes32 leaf, uint256 position)
        private
        returns (bytes32 node)
    {
        bytes32 empty = 0;
        bool kept = false;
        node = leaf;
        for (uint256 level = 0; level < DEPTH; level++) {
            if (position >> level & 1 == 1) {
                node = Hashes.efficientKeccak256(halves[level], node);
            } else {
                if (!kept) halves[level] = node;
                kept = true;
                node = Hashes.efficientKeccak256(node, empty);
            }
            empty = Hashes.efficientKeccak256(empty, empty);
        }
    }

    /// @dev Level by level, the nodes of the next in place of those of the last.
    function _climb(bytes32[] memory nodes, uint256 position, bytes32[DEPTH] memory proof)
        private
        pure
    {
        bytes32 empty = 0;
        uint256 length = nodes.length;
        for (uint256 level = 0; level < DEPTH; level++) {
            uint256 other = position >> level ^ 1;
            proof[level] = other < length ? nodes[other] : empty;
            for (uint256 i = 0; i < length; i += 2) {
                bytes32 right = i + 1 < length ? nodes[i + 1] : empty;
                nodes[i / 2] = Hashes.efficientKeccak256(nodes[i], right);
            }
            length = (length + 1) / 2;
            empty = Hashes.efficientKeccak256(empty, empty);
        }
    }
}
