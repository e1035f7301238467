using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Gateway.Tokens;
using Hikyaku.Platform;
using MassTransit;

namespace Hikyaku.Gateway.Sessions;

/// <summary>
/// What changes sessions from outside (ACC-7): a changed password ends all of a login's sessions but the one that changed it, a
/// forced change (ACC-8) all of them; an appointment or dismissal changes an administrator's domains. Who turns on a second factor ends
/// what may have been signed in without it; who loses it to an operator has to sign in again. A deletion is
/// <see cref="ErasesSessions"/>'s. Duplicates and reordering do no harm: the newest one counts.
/// </summary>
public sealed class SessionEnds(SessionStore sessions, TokenStore tokens) :
    IConsumer<MailAccountPasswordChanged>,
    IConsumer<MailAccountPasswordForciblyChanged>,
    IConsumer<StaffPasswordChanged>,
    IConsumer<DomainAdministratorAppointed>,
    IConsumer<DomainAdministratorDismissed>,
    IConsumer<StaffSecondFactorEnrolled>,
    IConsumer<StaffSecondFactorRemoved>,
    IConsumer<DomainSecondFactorRequirementChanged>,
    IConsumer<DomainDeletionStarted>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<MailAccountPasswordChanged> context)
    {
        var e = context.Message;
        return sessions.PasswordChangedAsync(e.AccountId, e.Version, OwnSession(e.By, e.By.Role == Roles.User), e.At, context.CancellationToken);
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<MailAccountPasswordForciblyChanged> context)
    {
        var e = context.Message;
        return sessions.PasswordChangedAsync(e.AccountId, e.Version, null, e.At, context.CancellationToken);
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<StaffPasswordChanged> context)
    {
        var e = context.Message;
        return sessions.PasswordChangedAsync(e.Login, e.Version, OwnSession(e.By, e.By.Role != Roles.User && e.By.Login == e.Login), e.At, context.CancellationToken);
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<DomainAdministratorAppointed> context)
    {
        var e = context.Message;
        return sessions.AppointmentAsync(e.Login, e.Domain, true, e.Position, e.At, context.CancellationToken);
    }

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<DomainAdministratorDismissed> context)
    {
        var e = context.Message;
        await sessions.AppointmentAsync(e.Login, e.Domain, false, e.Position, e.At, context.CancellationToken);
        await tokens.RevokeWithoutDomainAsync(e.Login, context.CancellationToken);
    }

    /// <summary>A later domain of the name begins without the requirement.</summary>
    public Task Consume(ConsumeContext<DomainDeletionStarted> context)
    {
        var e = context.Message;
        return sessions.SecondFactorRequiredAsync(e.Domain, required: false, e.Position, e.At, context.CancellationToken);
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<StaffSecondFactorEnrolled> context)
    {
        var e = context.Message;
        return sessions.SecondFactorChangedAsync(e.Login, e.Version, enabled: true, ends: true, OwnSession(e.By, e.By.Login == e.Login), e.At, context.CancellationToken);
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<StaffSecondFactorRemoved> context)
    {
        var e = context.Message;
        return sessions.SecondFactorChangedAsync(e.Login, e.Version, enabled: false, e.ByOperator, kept: null, e.At, context.CancellationToken);
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<DomainSecondFactorRequirementChanged> context)
    {
        var e = context.Message;
        return sessions.SecondFactorRequiredAsync(e.Domain, e.Required, e.Position, e.At, context.CancellationToken);
    }

    // If somebody else changed the password, all sessions of the owner end. A user can change only their own.
    private static Guid? OwnSession(CausedBy by, bool isOwner)
        => isOwner && Guid.TryParseExact(by.Session, "N", out var session) ? session : null;
}

/// <summary>One queue for all gateways, with a name of its own: another service that hears the same events has another.</summary>
public sealed class SessionEndsDefinition : ConsumerDefinition<SessionEnds>
{
    /// <summary>The queue's name.</summary>
    public const string Queue = "gateway-sessions";

    /// <summary>Names the queue.</summary>
    public SessionEndsDefinition() => EndpointName = Queue;
}
