using System.Security.Cryptography;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.SecondFactors;

/// <summary>The first step has no code; the second one confirms what the first one answered.</summary>
/// <param name="Code">What the authenticator program shows.</param>
public sealed record EnrolSecondFactorBody(string? Code);

/// <summary>What a step of an enrolment answers, once and never again.</summary>
/// <param name="Uri">First step: <c>otpauth://…</c> for a QR code.</param>
/// <param name="Secret">First step: the secret in base32, for who types it.</param>
/// <param name="ExpiresAt">First step: until when it can be confirmed.</param>
/// <param name="RecoveryCodes">Second step: ten codes, each of which works once.</param>
public sealed record SecondFactorEnrolment(string? Uri = null, string? Secret = null, DateTimeOffset? ExpiresAt = null, IReadOnlyList<string>? RecoveryCodes = null);

/// <summary>Turns on a second factor.</summary>
/// <param name="IsOffered">Whether a secret waits for its confirmation.</param>
/// <param name="CodeIsRight">Whether the code is of that secret.</param>
/// <param name="Now">When.</param>
public sealed record EnrolSecondFactor(bool IsOffered, bool CodeIsRight, DateTimeOffset Now)
{
    private const string DefaultIssuer = "Hikyaku";

    /// <summary>Decides; pure.</summary>
    public static Decision Decide(EnrolSecondFactor command, StaffMember member)
        => member.HasSecondFactor ? Decision.Reject(new Rejection(SecondFactorProblems.AlreadyOn))
            : !command.IsOffered ? Decision.Reject(new Rejection(SecondFactorProblems.NotBegun))
            : !command.CodeIsRight ? Decision.Reject(new Rejection(SecondFactorProblems.CodeWrong, "code"))
            : Decision.Accept(new StaffSecondFactorEnrolled(command.Now));

    /// <summary><c>POST /api/v1/me/second-factor</c> → 200: offers a secret, or confirms the one that was offered last.</summary>
    public static async Task<IResult> Handle(EnrolSecondFactorBody? body, CommandContext context, SecretBox box, IConfiguration configuration, CancellationToken stop)
    {
        var (session, login) = (context.Session, context.Caller.Login);
        var key = StaffMember.KeyOf(login);
        await SecondFactor.LockAsync(session, key, stop);
        var factor = await session.LoadAsync<SecondFactor>(key, stop) ?? new SecondFactor { Id = key };
        var stream = await session.Events.FetchForWriting<StaffMember>(key, stop);
        if (stream.Aggregate is not { } member) return Problems.Of(PlatformProblems.NotFound);
        if (string.IsNullOrWhiteSpace(body?.Code)) return Offer(factor, member, context, box, configuration["Hikyaku:SecondFactor:Issuer"] ?? DefaultIssuer);

        var offered = factor.Offered is not null && context.Now < factor.OfferedAt + SecondFactor.OfferLife ? box.Open(Convert.FromBase64String(factor.Offered)) : null;
        var step = offered is null ? null : TotpCode.StepOf(offered, body.Code, context.Now);
        var decision = Decide(new(offered is not null, step is not null, context.Now), member);
        var recovery = RecoveryCode.Make();
        if (decision.Accepted)
        {
            session.Store(new SecondFactor
            {
                Id = key,
                Sealed = factor.Offered,
                Since = context.Now,
                LastStep = step!.Value, // who looked over the shoulder cannot sign in with it
                RecoveryCodes = [.. recovery.Select(c => RecoveryCode.HashOf(box, key, c))],
            });
        }

        return context.Conclude(stream, decision, (_, version) => new Answer(200, new SecondFactorEnrolment(RecoveryCodes: recovery), version));
    }

    private static IResult Offer(SecondFactor factor, StaffMember member, CommandContext context, SecretBox box, string issuer)
    {
        if (member.HasSecondFactor) return Problems.Of(SecondFactorProblems.AlreadyOn);
        var secret = RandomNumberGenerator.GetBytes(TotpCode.SecretBytes);
        context.Session.Store(factor with { Offered = Convert.ToBase64String(box.Seal(secret)), OfferedAt = context.Now });
        return new Answer(200, new SecondFactorEnrolment(TotpCode.UriOf(secret, member.Login, issuer), TotpCode.TextOf(secret), context.Now + SecondFactor.OfferLife));
    }
}
