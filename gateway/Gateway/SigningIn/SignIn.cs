using System.Text;
using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Sessions;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.SigningIn;

/// <summary>Signs in.</summary>
/// <param name="Login">An operator's or administrator's name, or a mail address; in any case.</param>
/// <param name="Password">As typed.</param>
/// <param name="SecondFactor">Where the login has a second factor: the code of the authenticator program, or a recovery code.</param>
public sealed record SignInBody(string? Login, string? Password, string? SecondFactor = null);

/// <summary>A new session.</summary>
/// <param name="Token">The bearer token; shown only here.</param>
/// <param name="Role">operator, admin or user.</param>
/// <param name="Login">Normalised.</param>
/// <param name="ExpiresAt">When the session ends by itself.</param>
/// <param name="PasswordChangeRequired">Whether the password is still the one that somebody else chose.</param>
/// <param name="SecondFactorEnrolmentRequired">Whether nothing is allowed before a second factor is set up (<c>POST /api/v1/me/second-factor</c>).</param>
public sealed record SignedIn(string Token, string Role, string Login, DateTimeOffset ExpiresAt, bool PasswordChangeRequired, bool SecondFactorEnrolmentRequired);

/// <summary><c>POST /api/v1/sessions</c>. What is refused is refused alike for known and unknown logins (RST-7).</summary>
public static class SignIn
{
    private const int MaxLogin = 320;
    private const int MaxPassword = 1024;
    private const int MaxCode = 64;
    private const int MaxProgram = 200;

    /// <summary>201, 400, 401, 423 or 429.</summary>
    public static async Task<IResult> Handle(
        SignInBody body, HttpContext http, SignInThrottle throttle, AccountsClient accounts, SignInLocks locks, SignInFacts facts, SessionStore sessions, NewNetworks networks, TimeProvider time, CancellationToken stop)
    {
        if (!IsReadable(body.Login, MaxLogin)) return Malformed("login");
        if (!IsReadable(body.Password, MaxPassword)) return Malformed("password");
        if (body.SecondFactor is { Length: > 0 } code && !IsReadable(code, MaxCode)) return Malformed("secondFactor");

        var login = Normal(body.Login!);
        var (begun, wait) = await throttle.BeginAsync(login, SessionReader.AddressOf(http), body.Password!, stop);
        using var attempt = begun;
        if (attempt is null) return GatewayProblems.TooManyAttemptsIn(wait);

        var verified = await accounts.VerifyAsync(login, body.Password!, body.SecondFactor, SessionReader.AddressOf(http).ToString(), stop);
        if (verified.SecondFactor is not null) return RefuseCode(verified, attempt, body.Password!);
        // Counts neither as right nor as wrong: the account's abuser may know the old password, and must not reset the throttle with it.
        if (verified.PasswordForciblyChanged) return Problems.Of(GatewayProblems.PasswordForciblyChanged);
        var locked = verified is { IsVerified: true, AccountId: { } account } ? await locks.ReferenceAsync(account, SessionReader.AddressOf(http).ToString(), stop) : null;
        facts.Note(login, body.Password!, SessionReader.AddressOf(http).ToString(), http.Request.Headers.UserAgent.ToString(), !verified.IsVerified ? LoginFailures.Credentials : locked is null ? null : LoginFailures.Restricted);
        if (locked is not null) return Problems.Of(GatewayProblems.AccountLocked, null, ("r", locked));
        attempt.Outcome = verified.IsVerified ? SignInOutcome.Right : SignInOutcome.Wrong;
        return verified.IsVerified ? await BeginSessionAsync(verified, http, sessions, networks, time, stop) : Problems.Of(GatewayProblems.WrongCredentials);
    }

    // That a code is missing counts neither as right nor as wrong. Each wrong one counts, as the same code may be right a little later.
    private static IResult RefuseCode(Verified verified, SignInTry attempt, string password)
    {
        if (verified.SecondFactor == "too-many") return GatewayProblems.TooManyAttemptsIn(TimeSpan.FromSeconds(verified.SecondFactorWaitSeconds ?? 1));
        if (verified.SecondFactor == "required") return Problems.Of(GatewayProblems.SecondFactorRequired);
        attempt.WrongPassword = $"{password}\n{Guid.NewGuid()}";
        return Problems.Of(GatewayProblems.SecondFactorWrong);
    }

    private static async Task<IResult> BeginSessionAsync(Verified who, HttpContext http, SessionStore sessions, NewNetworks networks, TimeProvider time, CancellationToken stop)
    {
        var now = time.GetUtcNow();
        var session = new Session(
            Guid.CreateVersion7(now), who.Role!, who.Login!, who.AccountId, who.Domains ?? [], 0,
            who.PasswordChangeRequired, SessionReader.AddressOf(http).ToString(), now, now + Session.Lifetime)
        {
            Program = string.Concat(http.Request.Headers.UserAgent.ToString().EnumerateRunes().Where(r => !Rune.IsControl(r)).Take(MaxProgram)),
            HasSecondFactor = who.SecondFactorOn,
            SecondFactorRequiredBy = who.SecondFactorRequiredBy ?? [],
        };
        var token = SessionToken.Create();
        await sessions.AddAsync(SessionToken.HashOf(token)!.Value, session, who.Version, stop, NewNetworks.Note(session));
        if (session.Role != Roles.User) networks.Tell();
        SessionCookies.Set(http, session, token);
        return new Answer(201, new SignedIn(token, session.Role, session.Login, session.ExpiresAt, session.PasswordChangeRequired, session.MustEnrol));
    }

    /// <summary>One login has one spelling, so that another case is not another counter.</summary>
    internal static string Normal(string login)
        => InternetNames.TryReadAddress(login, out var address, out _) ? address : login.Trim().Normalize(NormalizationForm.FormKC).ToLowerInvariant();

    // An unpaired surrogate is read as U+FFFD.
    private static bool IsReadable(string? text, int max)
        => text is { Length: > 0 } && text.Length <= max && !text.EnumerateRunes().Any(r => Rune.IsControl(r) || r == Rune.ReplacementChar);

    private static IResult Malformed(string field) => Problems.Of(PlatformProblems.Malformed, field, ("reason", field));
}
