@echo off
rem Installs baove's agent on this PC, silently, or brings it up to date. As administrator, or as the system by a start-up
rem script of group policy; from this folder wherever it lies: a stick, a share. No Internet is needed.
rem
rem   install.cmd [/hub URL] [/join STRING] [/data DIR] [/nostart]
rem
rem Ends with 0: it runs, or ran already; 1: the new version did not start and the one before runs again; 2: refused.
setlocal
set "TO=%ProgramFiles%"
if defined ProgramW6432 set "TO=%ProgramW6432%"
set "TO=%TO%\baove\@NAME@"
if exist "%TO%\installed" goto setup
if exist "%TO%" rmdir /s /q "%TO%"
xcopy "%~dp0files" "%TO%\" /e /i /q /y /h >nul
if errorlevel 1 goto notcopied
copy /y "%~dp0uninstall.cmd" "%TO%\.." >nul

:setup
"%TO%\python\python.exe" -P -m agent.service.setup install %*
set "CODE=%ERRORLEVEL%"
if "%CODE%"=="0" exit /b 0
if "%CODE%"=="1" exit /b 1
if "%CODE%"=="2" exit /b 2
echo baove: the Python in this folder does not run on this Windows. For Windows 7 and 8.1 there is collect.cmd. 1>&2
exit /b 2

:notcopied
echo baove: "%TO%" can't be written. Run this as administrator. 1>&2
exit /b 2
