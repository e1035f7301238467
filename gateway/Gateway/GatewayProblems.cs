using System.Globalization;
using System.Resources;
using Hikyaku.Platform;

namespace Hikyaku.Gateway;

/// <summary>The refusals of the gateway itself. Texts: GatewayProblems.resx and .ja.resx.</summary>
public static class GatewayProblems
{
    private static readonly ResourceManager Texts = new("Hikyaku.Gateway.GatewayProblems", typeof(GatewayProblems).Assembly);

    /// <summary>The login is unknown or locked, or the password is wrong: nobody is told which (RST-7).</summary>
    public static readonly ProblemCode WrongCredentials = new("sessions.wrong-credentials", 401, Texts);

    /// <summary>The password is right, and a lock of the account keeps whoever signs in from there out: only who knows it learns that (RST-7).</summary>
    public static readonly ProblemCode AccountLocked = new("sessions.account-locked", 423, Texts);

    /// <summary>The password was right until it was forcibly changed: only who knows it learns that (RST-7).</summary>
    public static readonly ProblemCode PasswordForciblyChanged = new("sessions.password-forcibly-changed", 423, Texts);

    /// <summary>The password is right, and the login has a second factor: a code has to come along.</summary>
    public static readonly ProblemCode SecondFactorRequired = new("sessions.second-factor-required", 401, Texts);

    /// <summary>The password is right, and the code is not, or was used before.</summary>
    public static readonly ProblemCode SecondFactorWrong = new("sessions.second-factor-wrong", 401, Texts);

    /// <summary>A domain requires a second factor, and the login has none: nothing is allowed before it is set up.</summary>
    public static readonly ProblemCode EnrolmentRequired = new("sessions.second-factor-enrolment-required", 403, Texts);

    /// <summary>Too many different failing tries from this network.</summary>
    public static readonly ProblemCode TooManyAttempts = new("sessions.too-many-attempts", 429, Texts);

    /// <summary>A change by cookie that another site may have made the browser send.</summary>
    public static readonly ProblemCode CrossSite = new("sessions.cross-site-request", 403, Texts);

    /// <summary>A rewind that names no change, too many, or what is no id.</summary>
    public static readonly ProblemCode ChangesMissing = new("rewind.changes-missing", 422, Texts);

    /// <summary>There is no such API token.</summary>
    public static readonly ProblemCode TokenWrong = new("tokens.wrong", 401, Texts);

    /// <summary>The API token's time is over.</summary>
    public static readonly ProblemCode TokenExpired = new("tokens.expired", 401, Texts);

    /// <summary>The API token was revoked, by its owner or with the owner's password, role or account.</summary>
    public static readonly ProblemCode TokenRevoked = new("tokens.revoked", 401, Texts);

    /// <summary>The API token is not allowed this function.</summary>
    public static readonly ProblemCode TokenScopeMissing = new("tokens.scope-missing", 403, Texts);

    /// <summary>The API token is limited to some domains, and the call is about none of them in particular.</summary>
    public static readonly ProblemCode TokenDomainsOnly = new("tokens.domains-only", 403, Texts);

    /// <summary>The call is for people who have signed in, not for programs.</summary>
    public static readonly ProblemCode TokenNotForPeople = new("tokens.sign-in-needed", 403, Texts);

    /// <summary>A token without a name.</summary>
    public static readonly ProblemCode TokenNameMissing = new("tokens.name-missing", 422, Texts);

    /// <summary>A token's name is too long.</summary>
    public static readonly ProblemCode TokenNameTooLong = new("tokens.name-too-long", 422, Texts);

    /// <summary>A token's name has control characters.</summary>
    public static readonly ProblemCode TokenNameCharacters = new("tokens.name-characters", 422, Texts);

    /// <summary>A list of functions that is empty or too long.</summary>
    public static readonly ProblemCode TokenScopeCount = new("tokens.scope-count", 422, Texts);

    /// <summary>A function that does not exist, or is not for the owner's role.</summary>
    public static readonly ProblemCode TokenScopeUnknown = new("tokens.scope-unknown", 422, Texts);

    /// <summary>A domain that the owner does not administer.</summary>
    public static readonly ProblemCode TokenDomainUnknown = new("tokens.domain-unknown", 422, Texts);

    /// <summary>A list of domains that is empty or too long.</summary>
    public static readonly ProblemCode TokenDomainCount = new("tokens.domain-count", 422, Texts);

    /// <summary>A token that would end before it begins, or last too long.</summary>
    public static readonly ProblemCode TokenExpiry = new("tokens.expiry-range", 422, Texts);

    /// <summary>The login has as many tokens as it may have.</summary>
    public static readonly ProblemCode TooManyTokens = new("tokens.too-many", 409, Texts);

    /// <summary>A language that the platform does not speak.</summary>
    public static readonly ProblemCode LanguageUnknown = new("me.language-unknown", 422, Texts);

    /// <summary>A time zone that is not in IANA's database.</summary>
    public static readonly ProblemCode TimeZoneUnknown = new("me.time-zone-unknown", 422, Texts);

    /// <summary>A theme that the panel does not have.</summary>
    public static readonly ProblemCode ThemeUnknown = new("me.theme-unknown", 422, Texts);

    /// <summary>Too few or too many rows a page.</summary>
    public static readonly ProblemCode RowsRange = new("me.rows-range", 422, Texts);

    /// <summary>Refuses a try, alike for known and unknown logins.</summary>
    public static IResult TooManyAttemptsIn(TimeSpan wait)
        => Problems.Of(TooManyAttempts, null, ("n", Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture)));

    /// <summary>Every code of this page.</summary>
    public static readonly IReadOnlyList<ProblemCode> All =
    [
        WrongCredentials, AccountLocked, PasswordForciblyChanged, SecondFactorRequired, SecondFactorWrong, EnrolmentRequired, TooManyAttempts, CrossSite, ChangesMissing,
        TokenWrong, TokenExpired, TokenRevoked, TokenScopeMissing, TokenDomainsOnly, TokenNotForPeople,
        TokenNameMissing, TokenNameTooLong, TokenNameCharacters, TokenScopeCount, TokenScopeUnknown, TokenDomainUnknown, TokenDomainCount, TokenExpiry, TooManyTokens,
        LanguageUnknown, TimeZoneUnknown, ThemeUnknown, RowsRange,
    ];
}
