using Hikyaku.Accounts.Credentials;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Staff;

/// <summary>
/// Makes the first operator, <c>operator</c>, when there is none, with the password of the setting
/// <c>Hikyaku:OperatorPassword</c>. Later starts leave it alone. Several instances may try at once: one succeeds.
/// </summary>
public sealed partial class FirstOperator(IDocumentStore store, Passwords passwords, IConfiguration configuration, TimeProvider time, ILogger<FirstOperator> log) : IHostedService
{
    /// <summary>The first operator's login.</summary>
    public const string Login = "operator";

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var session = store.LightweightSession();
        var key = StaffMember.KeyOf(Login);
        if (await session.LoadAsync<StaffMember>(key, cancellationToken) is not null) return;
        if (configuration["Hikyaku:OperatorPassword"] is not { Length: > 0 } password)
        {
            LogNoPassword();
            return;
        }

        EventHeaders.Stamp(session, Caller.Platform);
        var credentialId = Credential.NewId();
        Credential.Store(session, credentialId, key, await passwords.HashAsync(password, cancellationToken));
        session.Events.StartStream<StaffMember>(key, new StaffLoginAdded(Login, Roles.Operator, credentialId, time.GetUtcNow()));
        try
        {
            await session.SaveChangesAsync(cancellationToken);
            LogMade();
        }
        catch (Exception e) when (e is JasperFx.Events.ExistingStreamIdCollisionException or Marten.Exceptions.ExistingStreamIdCollisionException)
        {
            LogMadeElsewhere(); // another instance was faster, with the same setting
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1, LogLevel.Information, "Made the first operator")]
    private partial void LogMade();

    [LoggerMessage(2, LogLevel.Warning, "There is no operator and Hikyaku:OperatorPassword is not set: nobody can sign in")]
    private partial void LogNoPassword();

    [LoggerMessage(3, LogLevel.Information, "Another instance made the first operator")]
    private partial void LogMadeElsewhere();
}
