// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ProvenKeys} from "./ProvenKeys.sol";
import {PullPayments} from "./PullPayments.sol";
import {SignatureChain} from "./SignatureChain.sol";

/// @title Prices from an app in a Confidential VM, asked for and paid on chain
/// @notice Somebody asks for a price and leaves a reward. The app signs an answer to that request,
/// anybody delivers it, and the payee whom the answer names may take the reward. An unanswered
/// request is refunded after it expires. There is no owner: nobody can change the app, the KMS root
/// or the greatest age of a price.
/// @dev An answer is signed as EIP-712 typed data, by a key that the signature chain proves with the
/// purpose `ORACLE_PURPOSE`:
///
///     domain  name "TeeOracle", version "1", chainId, verifyingContract
///     Answer(uint256 requestId,bytes32 feed,bytes32 sourcesHash,uint256 price,uint8 decimals,
///            uint64 observedAt,uint64 deadline,address payee)
///
/// (one line, no blank after a comma). Of a chain and a key it says only that the app made the
/// answer. Which sources the app asked is in `sourcesHash`; which code it runs is in its quote.
///
/// Storage that a light client reads: the latest round of a feed is at slots r to r + 2, where r is
/// keccak256(abi.encode(feed, uint256(5))): round id, observed time, time of update and decimals
/// from the low end (80, 40, 40 and 8 bits); price; sources hash.
contract TeeOracle is EIP712, ProvenKeys, PullPayments {
    using SafeCast for uint256;

    /// @dev OPEN is the only state that can be left, and only once.
    enum Status {
        NONE,
        OPEN,
        FULFILLED,
        REFUNDED
    }

    /// @param requester Who asked, and who is refunded
    /// @param createdAt When; no price observed earlier will do
    /// @param expiresAt Last second at which an answer is taken
    /// @param feed Which price, for instance keccak256("BTC-USD")
    /// @param sourcesHash Sources that the requester insists on; zero for any
    struct Request {
        address requester;
        uint40 createdAt;
        uint40 expiresAt;
        Status status;
        bytes32 feed;
        bytes32 sourcesHash;
        uint256 reward;
    }

    /// @param requestId The request that is answered
    /// @param feed As in the request
    /// @param sourcesHash Hash of the list of sources that were asked
    /// @param price In units of 10^-decimals; never zero
    /// @param observedAt Unix seconds of the oldest source that counted
    /// @param deadline Last second at which the answer may be delivered
    /// @param payee Who gets the reward, whoever delivers
    struct Answer {
        uint256 requestId;
        bytes32 feed;
        bytes32 sourcesHash;
        uint256 price;
        uint8 decimals;
        uint64 observedAt;
        uint64 deadline;
        address payee;
    }

    /// @param id Counts from 1 in each feed
    /// @param updatedAt Unix seconds of the block that brought it
    struct Round {
        uint80 id;
        uint40 observedAt;
        uint40 updatedAt;
        uint8 decimals;
        uint256 price;
        bytes32 sourcesHash;
    }

    error TeeOracleBadMaxAge(uint256 maxAge);
    error TeeOracleBadLifetime(uint256 lifetime, uint256 least, uint256 most);
    error TeeOracleZeroFeed();
    /// @notice There is no such request, or it is fulfilled or refunded.
    error TeeOracleNotOpen(uint256 requestId, Status status);
    error TeeOracleExpired(uint256 requestId, uint256 expiresAt);
    error TeeOracleNotExpired(uint256 requestId, uint256 expiresAt);
    error TeeOracleOtherFeed(bytes32 asked, bytes32 answered);
    error TeeOracleOtherSources(bytes32 asked, bytes32 answered);
    error TeeOracleZeroPrice();
    error TeeOracleTooManyDecimals(uint8 decimals, uint8 most);
    error TeeOracleNoPayee();
    /// @notice The price was observed before it was asked for.
    error TeeOracleTooEarly(uint256 observedAt, uint256 askedAt);
    /// @notice The price was observed at a time that this chain has not reached.
    error TeeOracleFromFuture(uint256 observedAt, uint256 time);
    error TeeOracleTooOld(uint256 observedAt, uint256 oldest);
    error TeeOracleTooLate(uint256 deadline, uint256 time);
    error TeeOracleNoRound(bytes32 feed);
    error TeeOracleStale(bytes32 feed, uint256 observedAt, uint256 oldest);

    event PriceRequested(
        uint256 indexed requestId,
        address indexed requester,
        bytes32 indexed feed,
        bytes32 sourcesHash,
        uint256 reward,
        uint256 expiresAt
    );
    event PriceFulfilled(
        uint256 indexed requestId,
        bytes32 indexed feed,
        address indexed signer,
        uint256 price,
        uint8 decimals,
        uint256 observedAt,
        bytes32 sourcesHash,
        address payee
    );
    event RequestRefunded(uint256 indexed requestId, address indexed requester, uint256 reward);
    event RoundUpdated(
        bytes32 indexed feed,
        uint256 indexed roundId,
        uint256 price,
        uint8 decimals,
        uint256 observedAt,
        bytes32 sourcesHash
    );
    /// @notice An answer was shown to be the app's. Nothing was paid and no round changed.
    event AnswerVerified(
        bytes32 indexed digest,
        bytes32 indexed feed,
        address indexed signer,
        uint256 requestId,
        uint256 price,
        uint8 decimals,
        uint256 observedAt,
        bytes32 sourcesHash
    );

    /// @notice The purpose under which the app asks dstack for the key that signs answers.
    string public constant ORACLE_PURPOSE = "oracle";
    uint256 public constant LEAST_LIFETIME = 1 minutes;
    uint256 public constant MOST_LIFETIME = 30 days;
    uint8 public constant MOST_DECIMALS = 36;
    bytes32 public constant ANSWER_TYPEHASH = keccak256(
        "Answer(uint256 requestId,bytes32 feed,bytes32 sourcesHash,uint256 price,uint8 decimals,"
        "uint64 observedAt,uint64 deadline,address payee)"
    );

    /// @notice The app whose answers are taken.
    address public immutable appId;
    /// @notice Greatest age in seconds of a price when it is delivered, and of `latest`.
    uint256 public immutable maxAge;

    mapping(uint256 requestId => Request) private _requests;
    mapping(bytes32 feed => Round) private _rounds;

    /// @notice Id of the newest request; they count from 1.
    uint256 public lastRequestId;

    constructor(address kmsRoot_, address appId_, uint256 maxAge_)
        EIP712("TeeOracle", "1")
        ProvenKeys(kmsRoot_, ORACLE_PURPOSE)
    {
        if (appId_ == address(0)) revert ProvenKeysZeroAddress();
        if (maxAge_ == 0 || maxAge_ > MOST_LIFETIME) revert TeeOracleBadMaxAge(maxAge_);
        appId = appId_;
        maxAge = maxAge_;
    }

    /// @notice Ask for a price; what is sent along is the reward.
    /// @param feed Which price; not zero
    /// @param sourcesHash Only an answer from these sources will do; zero for any
    /// @param lifetime Seconds for which an answer is taken
    function request(bytes32 feed, bytes32 sourcesHash, uint256 lifetime)
        external
        payable
        returns (uint256 requestId)
    {
        if (feed == 0) revert TeeOracleZeroFeed();
        if (lifetime < LEAST_LIFETIME || lifetime > MOST_LIFETIME) {
            revert TeeOracleBadLifetime(lifetime, LEAST_LIFETIME, MOST_LIFETIME);
        }
        requestId = ++lastRequestId;
        uint256 expiresAt = block.timestamp + lifetime;
        _requests[requestId] = Request({
            requester: msg.sender,
            createdAt: block.timestamp.toUint40(),
            expiresAt: expiresAt.toUint40(),
            status: Status.OPEN,
            feed: feed,
            sourcesHash: sourcesHash,
            reward: msg.value
        });
        emit PriceRequested(requestId, msg.sender, feed, sourcesHash, msg.value, expiresAt);
    }

    /// @notice Deliver an answer. Anybody may: signature and chain are the authority, and the reward
    /// is the payee's whom the answer names.
    /// @param signature r, s, v over the digest of `answerDigest`
    /// @param proof Chain of the key that signed; may be empty once `isProven`
    function fulfill(
        Answer calldata answer,
        bytes calldata signature,
        SignatureChain.Proof calldata proof
    ) external {
        Request storage asked = _requests[answer.requestId];
        _checkAsked(answer, asked);
        _checkValues(answer);
        _checkTimes(answer);
        address signer = SignatureChain.recover(answerDigest(answer), signature);
        _prove(signer, appId, proof);

        asked.status = Status.FULFILLED;
        _credit(answer.payee, asked.reward);
        emit PriceFulfilled(
            answer.requestId,
            answer.feed,
            signer,
            answer.price,
            answer.decimals,
            answer.observedAt,
            answer.sourcesHash,
            answer.payee
        );
        _advance(answer);
    }

    /// @notice Give back the reward of a request that expired without an answer. Anybody may call;
    /// the requester is credited.
    function refund(uint256 requestId) external {
        Request storage asked = _requests[requestId];
        _checkOpen(requestId, asked);
        if (block.timestamp <= asked.expiresAt) {
            revert TeeOracleNotExpired(requestId, asked.expiresAt);
        }
        asked.status = Status.REFUNDED;
        _credit(asked.requester, asked.reward);
        emit RequestRefunded(requestId, asked.requester, asked.reward);
    }

    /// @notice Take all that is owed to the caller, rewards and refunds.
    /// @param to Where it goes
    function withdraw(address payable to) external {
        _payCaller(to);
    }

    /// @notice Show that an answer is the app's and may be acted on now, and put that in the log. It
    /// answers no request: nothing is paid, no round changes.
    /// @dev The log can be written again by anybody for as long as the answer lives; a reader who
    /// counts, counts digests.
    function verifyAndLog(
        Answer calldata answer,
        bytes calldata signature,
        SignatureChain.Proof calldata proof
    ) external returns (address signer) {
        _checkValues(answer);
        _checkTimes(answer);
        bytes32 digest = answerDigest(answer);
        signer = SignatureChain.recover(digest, signature);
        _prove(signer, appId, proof);
        emit AnswerVerified(
            digest,
            answer.feed,
            signer,
            answer.requestId,
            answer.price,
            answer.decimals,
            answer.observedAt,
            answer.sourcesHash
        );
    }

    /// @notice Who signed an answer, if it is the app's; reverts otherwise. Says nothing of its age:
    /// an old answer stays the app's.
    function verify(
        Answer calldata answer,
        bytes calldata signature,
        SignatureChain.Proof calldata proof
    ) external view returns (address signer) {
        signer = SignatureChain.recover(answerDigest(answer), signature);
        if (!isProven[appId][signer]) _checkProof(signer, appId, proof);
    }

    /// @notice The newest price of a feed; reverts if there is none or it is older than `maxAge`.
    function latest(bytes32 feed) external view returns (Round memory) {
        return latest(feed, maxAge);
    }

    /// @notice The newest price of a feed; reverts if it is older than the caller's own limit.
    function latest(bytes32 feed, uint256 within) public view returns (Round memory round) {
        round = _rounds[feed];
        if (round.id == 0) revert TeeOracleNoRound(feed);
        uint256 oldest = within < block.timestamp ? block.timestamp - within : 0;
        if (round.observedAt < oldest) revert TeeOracleStale(feed, round.observedAt, oldest);
    }

    /// @notice The newest price of a feed at any age; id 0 if there is none. Only for display.
    function latestAtAnyAge(bytes32 feed) external view returns (Round memory) {
        return _rounds[feed];
    }

    /// @notice A request; status NONE if there is none.
    function requests(uint256 requestId) external view returns (Request memory) {
        return _requests[requestId];
    }

    /// @notice What the app signs.
    function answerDigest(Answer calldata answer) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    ANSWER_TYPEHASH,
                    answer.requestId,
                    answer.feed,
                    answer.sourcesHash,
                    answer.price,
                    answer.decimals,
                    answer.observedAt,
                    answer.deadline,
                    answer.payee
                )
            )
        );
    }

    /// @dev A round is newer only by the time at which its price was observed: an answer that comes
    /// late is paid, but cannot displace a newer one.
    function _advance(Answer calldata answer) private {
        Round storage round = _rounds[answer.feed];
        if (answer.observedAt <= round.observedAt) return;
        uint80 id = round.id + 1;
        _rounds[answer.feed] = Round({
            id: id,
            observedAt: uint256(answer.observedAt).toUint40(),
            updatedAt: block.timestamp.toUint40(),
            decimals: answer.decimals,
            price: answer.price,
            sourcesHash: answer.sourcesHash
        });
        emit RoundUpdated(
            answer.feed, id, answer.price, answer.decimals, answer.observedAt, answer.sourcesHash
        );
    }

    function _checkAsked(Answer calldata answer, Request storage asked) private view {
        _checkOpen(answer.requestId, asked);
        if (block.timestamp > asked.expiresAt) {
            revert TeeOracleExpired(answer.requestId, asked.expiresAt);
        }
        if (answer.feed != asked.feed) revert TeeOracleOtherFeed(asked.feed, answer.feed);
        if (asked.sourcesHash != 0 && answer.sourcesHash != asked.sourcesHash) {
            revert TeeOracleOtherSources(asked.sourcesHash, answer.sourcesHash);
        }
        if (answer.observedAt < asked.createdAt) {
            revert TeeOracleTooEarly(answer.observedAt, asked.createdAt);
        }
    }

    function _checkOpen(uint256 requestId, Request storage asked) private view {
        if (asked.status != Status.OPEN) revert TeeOracleNotOpen(requestId, asked.status);
    }

    function _checkValues(Answer calldata answer) private pure {
        if (answer.price == 0) revert TeeOracleZeroPrice();
        if (answer.decimals > MOST_DECIMALS) {
            revert TeeOracleTooManyDecimals(answer.decimals, MOST_DECIMALS);
        }
        if (answer.payee == address(0)) revert TeeOracleNoPayee();
    }

    function _checkTimes(Answer calldata answer) private view {
        if (answer.observedAt > block.timestamp) {
            revert TeeOracleFromFuture(answer.observedAt, block.timestamp);
        }
        // Written as a sum, which cannot fall below zero.
        if (uint256(answer.observedAt) + maxAge < block.timestamp) {
            revert TeeOracleTooOld(answer.observedAt, block.timestamp - maxAge);
        }
        if (block.timestamp > answer.deadline) {
            revert TeeOracleTooLate(answer.deadline, block.timestamp);
        }
    }
}
