using Hikyaku.Accounts.Credentials;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>What was done although it is not advisable.</summary>
/// <param name="Code">The code that would refuse it where it is not allowed.</param>
/// <param name="Field">The field of the request.</param>
/// <param name="Detail">In the reader's language.</param>
public sealed record Warning(string Code, string Field, string Detail)
{
    /// <summary>Warns of a new password that is easy to guess (ACC-8); null when there is nothing to warn of.</summary>
    public static IReadOnlyList<Warning>? About(Decision decision, PasswordFacts password, HttpRequest request)
    {
        var isSet = decision.Events.Any(e => e is MailAccountPasswordChanged or MailAccountCreated { CredentialId: not null });
        if (!isSet || !password.IsGuessable) return null;
        var code = AccountsProblems.PasswordGuessable;
        return [new(code.Code, "password", Problems.Text(new(code), Problems.LanguageOf(request)))];
    }
}
