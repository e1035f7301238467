namespace Hikyaku.Panel.Screens.Notices;

/// <summary>A notice of the message board.</summary>
/// <param name="Id">For marking it.</param>
/// <param name="At">When what it tells happened.</param>
/// <param name="Kind">What it tells.</param>
/// <param name="Domain">Where it happened.</param>
/// <param name="Account">The account that it is about; null when it is about no single one.</param>
/// <param name="Job">The job that it is about; null when it is about none.</param>
/// <param name="Text">What happened and what to do, in the reader's language.</param>
/// <param name="Read">Whether the reader has opened it.</param>
public sealed record NoticeRow(string Id, DateTimeOffset At, string Kind, string Domain, string? Account, string? Job, string Text, bool Read);

/// <summary>A page of the board.</summary>
/// <param name="Items">Newest first.</param>
/// <param name="Next">Where the next page begins; null on the last one.</param>
/// <param name="Unread">How many the reader has not read, whatever was asked for.</param>
public sealed record NoticePage(IReadOnlyList<NoticeRow> Items, string? Next, int Unread);
