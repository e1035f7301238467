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

    /// <summary>Too many different failing tries from this network.</summary>
    public static readonly ProblemCode TooManyAttempts = new("sessions.too-many-attempts", 429, Texts);

    /// <summary>A change by cookie that another site may have made the browser send.</summary>
    public static readonly ProblemCode CrossSite = new("sessions.cross-site-request", 403, Texts);

    /// <summary>A rewind that names no change, too many, or what is no id.</summary>
    public static readonly ProblemCode ChangesMissing = new("rewind.changes-missing", 422, Texts);

    /// <summary>Refuses a try, alike for known and unknown logins.</summary>
    public static IResult TooManyAttemptsIn(TimeSpan wait)
        => Problems.Of(TooManyAttempts, null, ("n", Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture)));

    /// <summary>Every code of this page.</summary>
    public static readonly IReadOnlyList<ProblemCode> All = [WrongCredentials, AccountLocked, PasswordForciblyChanged, TooManyAttempts, CrossSite, ChangesMissing];
}
