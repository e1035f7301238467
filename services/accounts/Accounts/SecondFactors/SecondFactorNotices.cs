using System.Resources;
using Hikyaku.Accounts.Staff;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using JasperFx.Events;
using NoticeKinds = Hikyaku.Accounts.Contracts.NoticeKinds;

namespace Hikyaku.Accounts.SecondFactors;

/// <summary>What somebody is told of their own second factor (NTC-1): that it was turned on or off, and that a recovery code was used.</summary>
public static class SecondFactorNotices
{
    private static readonly ResourceManager Texts = new("Hikyaku.Accounts.SecondFactors.SecondFactorNotices", typeof(SecondFactorNotices).Assembly);
    private static readonly ProblemCode Enrolled = new("notices.second-factor-enrolled", 200, Texts);
    private static readonly ProblemCode Removed = new("notices.second-factor-removed", 200, Texts);
    private static readonly ProblemCode Reset = new("notices.second-factor-reset", 200, Texts);
    private static readonly ProblemCode CodesRenewed = new("notices.recovery-codes-renewed", 200, Texts);
    private static readonly ProblemCode CodeUsed = new("notices.recovery-code-used", 200, Texts);

    /// <summary>The notices of a page of events.</summary>
    public static IEnumerable<NoticeRaised> Of(IEnumerable<IEvent> page) => from e in page let notice = Of(e) where notice is not null select notice;

    private static NoticeRaised? Of(IEvent e) => e.Data switch
    {
        StaffSecondFactorEnrolled on => Of(e, on.At, Enrolled),
        StaffSecondFactorRemoved off => Of(e, off.At, Removed),
        StaffSecondFactorReset reset => Of(e, reset.At, Reset),
        StaffRecoveryCodesRenewed renewed => Of(e, renewed.At, CodesRenewed),
        StaffRecoveryCodeUsed used => Of(e, used.At, CodeUsed, ("n", used.Left)),
        _ => null,
    };

    private static NoticeRaised Of(IEvent e, DateTimeOffset at, ProblemCode code, params (string, object)[] values)
    {
        var login = e.StreamKey!["staff:".Length..];
        return new(
            e.Id, NoticeKinds.SecondFactorChanged, at, new(Administrators: false, Operators: false, StartedBy: login), "", AccountId: null, Address: null, Job: null,
            Problems.InEveryLanguage(language => Problems.Text(new(code, null, [("login", login), .. values]), language)));
    }
}
