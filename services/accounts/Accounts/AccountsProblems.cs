using System.Resources;
using Hikyaku.Platform;

namespace Hikyaku.Accounts;

/// <summary>Every 'no' of the accounts service. Texts: AccountsProblems.resx and .ja.resx.</summary>
public static class AccountsProblems
{
    private static readonly ResourceManager Texts = new("Hikyaku.Accounts.AccountsProblems", typeof(AccountsProblems).Assembly);

    internal static readonly ProblemCode NameLength = Rule("accounts.name-length");
    internal static readonly ProblemCode NameCharacters = Rule("accounts.name-characters");
    internal static readonly ProblemCode NameFullWidth = Rule("accounts.name-full-width");
    internal static readonly ProblemCode NameEdge = Rule("accounts.name-edge");
    internal static readonly ProblemCode NameDots = Rule("accounts.name-dots");
    internal static readonly ProblemCode PasswordTooShort = Rule("accounts.password-too-short");
    internal static readonly ProblemCode PasswordTooLong = Rule("accounts.password-too-long");
    internal static readonly ProblemCode PasswordNoLower = Rule("accounts.password-no-lower");
    internal static readonly ProblemCode PasswordNoUpper = Rule("accounts.password-no-upper");
    internal static readonly ProblemCode PasswordNoDigit = Rule("accounts.password-no-digit");
    internal static readonly ProblemCode PasswordNoSymbol = Rule("accounts.password-no-symbol");
    internal static readonly ProblemCode PasswordCharacters = Rule("accounts.password-characters");
    internal static readonly ProblemCode PasswordIsName = Rule("accounts.password-is-name");
    internal static readonly ProblemCode PasswordDigitRun = Rule("accounts.password-digit-run");
    internal static readonly ProblemCode PasswordRecent = Rule("accounts.password-recent");
    internal static readonly ProblemCode PasswordGuessable = Rule("accounts.password-guessable");
    internal static readonly ProblemCode PasswordSimilar = Rule("accounts.password-similar");
    internal static readonly ProblemCode CurrentPasswordWrong = Rule("accounts.current-password-wrong");
    internal static readonly ProblemCode ReasonMissing = Rule("accounts.reason-missing");
    internal static readonly ProblemCode ReasonTooLong = Rule("accounts.reason-too-long");
    internal static readonly ProblemCode ReasonCharacters = Rule("accounts.reason-characters");
    internal static readonly ProblemCode CommentTooLong = Rule("accounts.comment-too-long");
    internal static readonly ProblemCode CommentCharacters = Rule("accounts.comment-characters");
    internal static readonly ProblemCode CapacityRange = Rule("accounts.capacity-range");
    internal static readonly ProblemCode DomainCapacityExceeded = Rule("accounts.domain-capacity-exceeded");
    internal static readonly ProblemCode DomainAccountsExceeded = Rule("accounts.domain-accounts-exceeded");
    internal static readonly ProblemCode AlreadyExists = Conflict("accounts.already-exists");
    internal static readonly ProblemCode BeingDeleted = Conflict("accounts.being-deleted");
    internal static readonly ProblemCode NoSuchAccount = Conflict("accounts.no-such-account");
    internal static readonly ProblemCode PostmasterStays = Conflict("accounts.postmaster-cannot-be-deleted");
    internal static readonly ProblemCode DeletionCount = Rule("accounts.deletion-count");
    internal static readonly ProblemCode PasswordNotUndoable = Conflict("accounts.password-not-undoable");
    internal static readonly ProblemCode CreationNotUndoable = Conflict("accounts.creation-not-undoable");
    internal static readonly ProblemCode DeletionNotUndoable = Conflict("accounts.deletion-not-undoable");
    internal static readonly ProblemCode HoldsMail = Conflict("accounts.holds-mail");
    internal static readonly ProblemCode MailNotKnown = Conflict("accounts.mail-not-known");
    internal static readonly ProblemCode JobNotEnded = Conflict("jobs.not-ended");
    internal static readonly ProblemCode JobNotUndoable = Conflict("jobs.not-undoable");
    internal static readonly ProblemCode JobAlreadyUndone = Conflict("jobs.already-undone");
    internal static readonly ProblemCode OtherDomain = Rule("accounts.other-domain");
    internal static readonly ProblemCode UploadMissing = new("bulk.file-missing", 400, Texts);
    internal static readonly ProblemCode UploadCharset = new("bulk.charset-unknown", 415, Texts);
    internal static readonly ProblemCode UploadNotInCharset = Rule("bulk.not-in-charset");
    internal static readonly ProblemCode UploadMediaType = new("bulk.media-type", 415, Texts);
    internal static readonly ProblemCode DomainName = Rule("domains.name-invalid");
    internal static readonly ProblemCode DomainExists = Conflict("domains.already-exists");
    internal static readonly ProblemCode DomainMaxAccountsRange = Rule("domains.max-accounts-range");
    internal static readonly ProblemCode DomainMaxCapacityRange = Rule("domains.max-capacity-range");
    internal static readonly ProblemCode DomainDefaultCapacityRange = Rule("domains.default-capacity-range");
    internal static readonly ProblemCode DomainAccountsInUse = Conflict("domains.accounts-in-use");
    internal static readonly ProblemCode DomainCapacityInUse = Conflict("domains.capacity-in-use");
    internal static readonly ProblemCode DomainHasAccounts = Conflict("domains.has-accounts");
    internal static readonly ProblemCode DomainHasJob = Conflict("domains.has-running-job");
    internal static readonly ProblemCode DomainBeingDeleted = Conflict("domains.being-deleted");
    internal static readonly ProblemCode NoNextDkimKey = Conflict("domains.no-next-dkim-key");
    internal static readonly ProblemCode LoginTaken = Conflict("administrators.login-taken");
    internal static readonly ProblemCode LoginHasPassword = Conflict("administrators.already-has-password");
    internal static readonly ProblemCode NodeHasMailboxes = Conflict("nodes.has-mailboxes");
    internal static readonly ProblemCode NodeRetired = Conflict("nodes.retired");

    /// <summary>Every code of this page.</summary>
    public static readonly IReadOnlyList<ProblemCode> All =
    [
        NameLength, NameCharacters, NameFullWidth, NameEdge, NameDots,
        PasswordTooShort, PasswordTooLong, PasswordNoLower, PasswordNoUpper, PasswordNoDigit, PasswordNoSymbol,
        PasswordCharacters, PasswordIsName, PasswordDigitRun, PasswordRecent, PasswordGuessable, PasswordSimilar, CurrentPasswordWrong,
        ReasonMissing, ReasonTooLong, ReasonCharacters,
        CommentTooLong, CommentCharacters, CapacityRange, DomainCapacityExceeded, DomainAccountsExceeded, AlreadyExists,
        BeingDeleted, NoSuchAccount, PostmasterStays, DeletionCount, PasswordNotUndoable, CreationNotUndoable, DeletionNotUndoable, HoldsMail, MailNotKnown, JobNotEnded, JobNotUndoable, JobAlreadyUndone,
        OtherDomain, UploadMissing, UploadMediaType, UploadCharset, UploadNotInCharset,
        DomainName, DomainExists, DomainMaxAccountsRange, DomainMaxCapacityRange, DomainDefaultCapacityRange,
        DomainAccountsInUse, DomainCapacityInUse, DomainHasAccounts, DomainHasJob, DomainBeingDeleted, NoNextDkimKey, LoginTaken, LoginHasPassword, NodeHasMailboxes, NodeRetired,
    ];

    private static ProblemCode Rule(string code) => new(code, 422, Texts);

    private static ProblemCode Conflict(string code) => new(code, 409, Texts);
}
